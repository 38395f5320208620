// The RTC's watchdog (TRM 31.3.9): four stages in ticks of the slow clock, from an interrupt to a reset of the RTC itself.
import { RESET } from '../reset.mjs';

const R = { config: 0x8c, stages: 0x90, feed: 0xa0, protect: 0xa4 };
const UNLOCKED = 0x50d83aa1;
const ENABLED = 1 << 31;
const PAUSES = 1 << 7; // in sleep
const INTERRUPT = 1;
const RESETS = { 2: RESET.rtcCpu, 3: RESET.rtcCore, 4: RESET.rtcWatchdog };

export class RtcWatchdog {
  /** registers: {get, set} of the RTC page. onInterrupt(): a stage asks for one. */
  constructor(chip, registers, slowHertz, onInterrupt) {
    Object.assign(this, { chip, registers, slowHertz, onInterrupt, stage: 0, left: null });
    registers.set(R.config, 0); // the boot loader has switched it off
    registers.set(R.protect, UNLOCKED);
    this.alarm = chip.alarm(() => this.expire());
  }

  /** A write to one of its registers; false where it is another's. */
  write(offset, value) {
    if (offset < R.config || offset > R.protect) return false;
    if (offset !== R.protect && this.registers.get(R.protect) !== UNLOCKED) return true;
    this.registers.set(offset, offset === R.feed ? 0 : value);
    if (offset === R.config || offset === R.feed) {
      this.stage = 0;
      this.arm();
    }
    return true;
  }

  arm() {
    this.alarm.cancel();
    if (!(this.registers.get(R.config) & ENABLED)) return;
    const ticks = this.registers.get(R.stages + 4 * this.stage) >>> 0;
    this.alarm.at(this.chip.nanos + (ticks * 1e9) / this.slowHertz);
  }

  expire() {
    const action = (this.registers.get(R.config) >>> (28 - 3 * this.stage)) & 7;
    if (RESETS[action]) {
      this.chip.reset(RESETS[action]);
      return;
    }
    if (action === INTERRUPT) this.onInterrupt();
    this.stage = (this.stage + 1) & 3;
    this.arm();
  }

  sleep() {
    if (!this.alarm.scheduled || !(this.registers.get(R.config) & PAUSES)) return;
    this.left = this.alarm.nanos - this.chip.nanos;
    this.alarm.cancel();
  }

  wake() {
    if (this.left !== null) this.alarm.at(this.chip.nanos + this.left);
    this.left = null;
  }
}
