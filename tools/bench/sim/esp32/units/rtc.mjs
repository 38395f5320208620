// RTC control (TRM 31): slow clock, CPU clock source, resets, sleep. RTC IO and SENS, the ADC's digital part, share its page.
import { RESET } from '../reset.mjs';
import { conversion } from './adc.mjs';
import { BrownOut } from './brown_out.mjs';
import { Holds, isHold } from './hold.mjs';
import { RtcWatchdog } from './rtc_watchdog.mjs';
import { Wake } from './wake.mjs';

const R = { options: 0x00, alarmLow: 0x04, alarmHigh: 0x08, update: 0x0c, timeLow: 0x10, timeHigh: 0x14, state: 0x18, reset: 0x34,
  enable: 0x3c, raw: 0x40, status: 0x44, clear: 0x48, clock: 0x70, store5: 0xb0, digital: 0x84 };
const SLOW_HZ = 150e3; // nominal; a real one is 90 to 150 kHz and drifts with temperature
const TIME_VALID = 1 << 30;
const SLEEP = 1 << 31;
const RESET_CHIP = 1 << 31;
const RESET_CPU = 1 << 5;
const INT = { wakeup: 1, watchdog: 1 << 3, brownOut: 1 << 7 };
const SOURCE = 46; // RTC_CORE
const XTAL_MHZ = 40;
const CLOCK_RESET = 0x2210;
const PLL = 1;

export class Rtc {
  constructor(chip, offset) {
    this.chip = chip;
    this.io = chip.memory.registers(offset);
    if (chip.kept) this.restore(chip.kept);
    this.latched = 0;
    this.since = chip.kept?.since ?? chip.nanos; // the slow counter begins at power-on
    this.raw = 0;
    this.enabled = 0;
    this.set(R.reset, chip.reason | (chip.reason << 6) | (1 << 12) | (1 << 13));
    this.set(R.store5, XTAL_MHZ | (XTAL_MHZ << 16));
    this.set(R.clock, CLOCK_RESET | (PLL << 27));
    this.set(R.digital, 0);
    this.wake = new Wake(chip, this, () => this.wakeUp());
    this.holds = new Holds(chip, (at) => this.get(at));
    this.watchdog = new RtcWatchdog(chip, this, SLOW_HZ, () => this.interrupt(INT.watchdog));
    this.brownOut = new BrownOut(chip, this, () => this.interrupt(INT.brownOut));
  }

  get(offset) {
    return this.io[offset >> 2];
  }

  set(offset, value) {
    this.io[offset >> 2] = value;
  }

  /** What outlives a reset: RTC memory, fast and slow, and this domain's registers. */
  keep() {
    const { memory } = this.chip;
    return { memory: true, fast: memory.D8.slice(0, 0x2000), slow: memory.slow.slice(), io: this.io.slice(), since: this.since, holds: this.holds.levels };
  }

  restore({ fast, slow, io }) {
    const { memory } = this.chip;
    memory.D8.set(fast);
    memory.slow.set(slow);
    this.io.set(io);
  }

  get slowCount() {
    return Math.floor(((this.chip.nanos - this.since) * SLOW_HZ) / 1e9);
  }

  read(offset) {
    switch (offset) {
      case R.update: return this.get(offset) | TIME_VALID;
      case R.timeLow: return this.latched % 2 ** 32 | 0;
      case R.timeHigh: return Math.floor(this.latched / 2 ** 32);
      case R.raw: return this.raw;
      case R.status: return this.raw & this.enabled;
      case R.enable: return this.enabled;
      default: return conversion(offset, (at) => this.get(at), (gpio) => this.chip.millivolts(gpio));
    }
  }

  write(offset, value) {
    switch (offset) {
      case R.update: if (value & (1 << 31)) this.latched = this.slowCount; break;
      case R.enable:
        this.enabled = value;
        this.lines();
        break;
      case R.clear:
        this.raw &= ~value;
        if (value & INT.brownOut) this.brownOut.look();
        this.lines();
        break;
      case R.options: this.resets(value); break;
      case R.clock:
        this.set(offset, value);
        this.setFrequency();
        break;
      case R.state:
        this.set(offset, value & ~SLEEP);
        if (value & SLEEP) this.sleep();
        break;
      default: return this.others(offset, value);
    }
    return true;
  }

  /** A register of one of the parts; true where that part keeps it. */
  others(offset, value) {
    if (this.wake.write(offset, value) || this.watchdog.write(offset, value) || this.brownOut.write(offset, value)) return true;
    this.set(offset, value);
    if (isHold(offset)) this.holds.update();
    return true;
  }

  interrupt(flag) {
    this.raw |= flag;
    this.lines();
  }

  lines() {
    this.chip.raise(SOURCE, (this.raw & this.enabled) !== 0);
  }

  resets(value) {
    this.set(R.options, value & ~(RESET_CHIP | RESET_CPU));
    if (value & RESET_CHIP) this.chip.reset(RESET.software);
    else if (value & RESET_CPU) this.chip.reset(RESET.cpu);
  }

  /** The CPU's clock: crystal or PLL (SOC_CLK_SEL), the PLL divided by DPORT. */
  setFrequency() {
    const select = (this.get(R.clock) >>> 27) & 3;
    if (select === 0) this.chip.setFrequency(XTAL_MHZ);
    else if (select === PLL) this.chip.setFrequency(this.chip.units.dport.frequency);
  }

  sleep() {
    const ticks = (this.get(R.alarmHigh) & 0xffff) * 2 ** 32 + (this.get(R.alarmLow) >>> 0);
    this.chip.stop();
    for (const group of this.chip.units.timers) group.pause();
    this.watchdog.sleep();
    this.wake.begin(this.since + (ticks * 1e9) / SLOW_HZ);
    if (this.wake.deep) this.holds.sleep();
    else this.chip.units.ledc.stop();
  }

  wakeUp() {
    if (this.wake.deep) {
      this.chip.reset(RESET.deepSleep);
      return;
    }
    const stood = this.chip.resume();
    for (const group of this.chip.units.timers) group.resume(stood);
    this.watchdog.wake();
    this.chip.units.gpio.look([]);
    this.interrupt(INT.wakeup);
  }
}
