// Timer group (TRM 18): two 64-bit timers, the LAC timer that esp_timer uses, and the main watchdog.

const APB_HZ = 80e6;
const RUN = 1 << 31;
const UP = 1 << 30;
const RELOAD = 1 << 29;
const ALARM = 1 << 10;
const R = { watchdog: 0x48, prescale: 0x4c, stages: 0x50, feed: 0x60, protect: 0x64, calibrate: 0x68, calibrated: 0x6c, enable: 0x98, raw: 0x9c, status: 0xa0, clear: 0xa4 };
const UNLOCKED = 0x50d83aa1;
const LAC = 0x70;
const XTAL_HZ = 40e6;
const SLOW_HZ = 150e3;
const FAST_HZ = 8.5e6 / 256;
const WATCHDOG_INT = 1 << 2;

class Counter {
  /** step: bytes between its registers that come after the first: the LAC timer has a gap. */
  constructor(chip, bit, at, step, fire) {
    Object.assign(this, { chip, bit, at, step, config: 0, base: 0n, since: 0, latched: 0n, target: 0n, load: 0n });
    this.alarm = chip.alarm(() => fire(this));
  }

  get tickNanos() {
    return (((this.config >>> 13) & 0xffff) || 65536) * (1e9 / APB_HZ);
  }

  count() {
    if (!(this.config & RUN)) return this.base;
    const ticks = BigInt(Math.floor((this.chip.nanos - this.since) / this.tickNanos + 1e-6));
    return BigInt.asUintN(64, this.config & UP ? this.base + ticks : this.base - ticks);
  }

  set(value) {
    this.base = value;
    this.since = this.chip.nanos;
  }

  plan() {
    this.alarm.cancel();
    if (!(this.config & RUN) || !(this.config & ALARM)) return;
    const left = this.config & UP ? this.target - this.base : this.base - this.target;
    if (left < 2n ** 62n) this.alarm.at(Math.max(this.chip.nanos, this.since + Number(left) * this.tickNanos));
  }

  read(offset) {
    const n = offset - this.at - this.step;
    if (offset === this.at) return this.config;
    if (n === 0) return Number(this.latched & 0xffffffffn) | 0;
    return n === 4 ? Number(this.latched >> 32n) | 0 : undefined;
  }

  write(offset, value) {
    const low = (old) => (old & ~0xffffffffn) | BigInt(value >>> 0);
    const high = (old) => (old & 0xffffffffn) | (BigInt(value >>> 0) << 32n);
    if (offset === this.at) {
      this.set(this.count());
      this.config = value;
    }
    switch (offset - this.at - this.step) {
      case 8: this.latched = this.count(); return;
      case 12: this.target = low(this.target); break;
      case 16: this.target = high(this.target); break;
      case 20: this.load = low(this.load); return;
      case 24: this.load = high(this.load); return;
      case 28: this.set(this.load); break;
      default:
    }
    this.plan();
  }
}

export class TimerGroup {
  constructor(chip, offset, source, resetReason) {
    this.chip = chip;
    this.io = chip.memory.registers(offset);
    this.source = source;
    this.resetReason = resetReason;
    this.raw = 0;
    this.enabled = 0;
    this.stage = 0;
    this.counters = [[0, 0, 4], [1, 0x24, 4], [3, LAC, 8]].map(([bit, at, step]) => new Counter(chip, bit, at, step, (c) => this.fire(c)));
    this.bite = chip.alarm(() => this.expire());
    this.io[R.protect >> 2] = UNLOCKED;
  }

  /** The counter that a register belongs to. */
  counter(offset) {
    if (offset >= LAC && offset < 0x98) return this.counters[2];
    return offset < 0x24 ? this.counters[0] : offset < 0x48 ? this.counters[1] : null;
  }

  read(offset) {
    switch (offset) {
      case R.raw: return this.raw;
      case R.status: return this.raw & this.enabled;
      case R.enable: return this.enabled;
      case R.calibrate: return this.io[offset >> 2] | (1 << 15);
      case R.calibrated: return this.calibrated();
      default: return this.counter(offset)?.read(offset);
    }
  }

  /** Cycles of the crystal in as many cycles of a slow clock as were asked for. */
  calibrated() {
    const asked = this.io[R.calibrate >> 2];
    const hertz = ((asked >>> 13) & 3) === 1 ? FAST_HZ : SLOW_HZ;
    return Math.floor((((asked >>> 16) & 0x7fff) * XTAL_HZ) / hertz) << 7;
  }

  write(offset, value) {
    if (offset === R.enable) this.enabled = value;
    else if (offset === R.clear) this.raw &= ~value;
    else if (offset >= R.watchdog && offset <= R.protect) {
      this.watchdog(offset, value);
      return true;
    } else {
      this.counter(offset)?.write(offset, value);
      return false;
    }
    this.lines();
    return true;
  }

  fire(counter) {
    counter.config &= ~ALARM;
    this.raw |= 1 << counter.bit;
    if (counter.config & RELOAD) counter.set(counter.load);
    this.lines();
  }

  lines() {
    for (let bit = 0; bit < 4; bit += 1) this.chip.raise(this.source + bit, ((this.raw & this.enabled) >> bit) & 1);
  }

  // ---- watchdog ----

  watchdog(offset, value) {
    if (offset !== R.protect && this.io[R.protect >> 2] !== UNLOCKED) return;
    this.io[offset >> 2] = value;
    if (offset !== R.watchdog && offset !== R.feed) return;
    this.stage = 0;
    this.arm();
  }

  arm() {
    this.bite.cancel();
    if (!(this.io[R.watchdog >> 2] & RUN)) return;
    const prescale = this.io[R.prescale >> 2] >>> 16 || 1;
    const ticks = this.io[(R.stages >> 2) + this.stage] >>> 0;
    this.bite.at(this.chip.nanos + (ticks * prescale * 1e9) / APB_HZ);
  }

  /** A stage is over: nothing, an interrupt, or a reset; then the next. */
  expire() {
    const action = (this.io[R.watchdog >> 2] >>> (29 - 2 * this.stage)) & 3;
    if (action >= 2) {
      this.chip.reset(this.resetReason);
      return;
    }
    if (action === 1) {
      this.raw |= WATCHDOG_INT;
      this.lines();
    }
    this.stage = (this.stage + 1) & 3;
    this.arm();
  }

  // ---- the clock stops in light sleep ----

  get alarms() {
    return [this.bite, ...this.counters.map((counter) => counter.alarm)];
  }

  pause() {
    this.waiting = this.alarms.filter((alarm) => alarm.scheduled);
    for (const alarm of this.waiting) alarm.cancel();
  }

  /** The clock stood still for so long: what was to come comes that much later. */
  resume(nanos) {
    for (const counter of this.counters) counter.since += nanos;
    for (const alarm of this.waiting) alarm.at(alarm.nanos + nanos);
  }
}
