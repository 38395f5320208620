// The brown-out detector (TRM 31.3.10): a supply below its threshold resets the chip, or asks the program to.
import { RESET } from '../reset.mjs';

const R = 0xd4;
const DETECTED = 1 << 31;
const ENABLED = 1 << 30;
const RESETS = 1 << 26;
/** By value of DBROWN_OUT_THRES, mV (ESP-IDF, Kconfig of brown-out levels). */
const THRESHOLDS = [2430, 2480, 2580, 2620, 2670, 2700, 2770, 2800];

export class BrownOut {
  /** registers: {get, set} of the RTC page. onInterrupt(): the supply is low and the program is asked. */
  constructor(chip, registers, onInterrupt) {
    Object.assign(this, { chip, registers, onInterrupt });
    registers.set(R, 0);
  }

  /** The supply is this many mV, or the detector's register was written. */
  look() {
    const value = this.registers.get(R);
    const threshold = THRESHOLDS[(value >>> 27) & 7];
    const low = (value & ENABLED) !== 0 && this.chip.supplyMillivolts < threshold;
    this.registers.set(R, low ? value | DETECTED : value & ~DETECTED);
    if (!low) return;
    if (value & RESETS) this.chip.reset(RESET.brownOut);
    else this.onInterrupt();
  }

  write(offset, value) {
    if (offset !== R) return false;
    this.registers.set(R, value);
    this.look();
    return true;
  }
}
