// PWM of the RP2040 (datasheet 4.5), computed instead of stepped: a slice is a line in time, its level and its duty over a
// window follow from the settings, so a dimmed lamp costs nothing while it shines. rp2040js wakes up twice a period.
import { BasePeripheral } from 'rp2040js';

const SLICES = 8;
const STRIDE = 0x14;
const EN = 0xa0;
const IRQ_WRAP = 4;

/** Settings of one slice since `since` (ns), with the counter's phase then. `rate`: counts per ns, 0 when it stands. */
class Segment {
  constructor(since, phase, rate, top, compare, correct, invert) {
    Object.assign(this, { since, phase, rate, top, compare, correct, invert });
  }

  /** Counts of a period; a phase-correct slice stays two counts at both ends (4.5.2.1). */
  get period() {
    return (this.top + 1) * (this.correct ? 2 : 1);
  }

  /** Position inside the period, in counts. */
  position(nanos) {
    return (this.phase + (nanos - this.since) * this.rate) % this.period;
  }

  counter(nanos) {
    const at = Math.floor(this.position(nanos));
    return at > this.top ? 2 * this.top + 1 - at : at;
  }

  level(nanos, output) {
    return (this.counter(nanos) < this.compare[output]) !== this.invert[output] ? 1 : 0;
  }

  /** Nanoseconds at high level between two instants of this segment. */
  high(from, to, output) {
    if (!this.rate) return this.level(from, output) * (to - from);
    const start = this.phase + (from - this.since) * this.rate;
    const end = this.phase + (to - this.since) * this.rate;
    const counts = this.area(end, output) - this.area(start, output);
    return (this.invert[output] ? end - start - counts : counts) / this.rate;
  }

  /** Counts spent below the compare value from position 0 to `at`. */
  area(at, output) {
    const compare = Math.min(this.compare[output], this.top + 1);
    const period = this.period;
    const whole = Math.floor(at / period);
    const rest = at - whole * period;
    const up = Math.min(rest, compare);
    const down = this.correct ? Math.max(0, rest - (period - compare)) : 0;
    return whole * (this.correct ? 2 * compare : compare) + up + down;
  }
}

const STILL = () => new Segment(0, 0, 0, 0xffff, [0, 0], false, [false, false]);

export class Pwm extends BasePeripheral {
  /** onSlice(slice): the outputs of a slice changed their settings. */
  constructor(mcu) {
    super(mcu, 'PWM');
    this.channels = []; // rp2040js sets frequencies here; ours follow clkSys themselves
    this.gpioDirection = 0xffffffff;
    this.interrupts = { raw: 0, enable: 0, force: 0 };
    this.registers = Array.from({ length: SLICES }, () => ({ csr: 0, div: 0x10, cc: 0, top: 0xffff }));
    this.history = Array.from({ length: SLICES }, () => [STILL()]);
    this.gated = false;
    this.onSlice = null;
    mcu.addClockListener(() => this.resettle());
  }

  reset() {}

  gpioOnInput() {}

  /** Clock gating in deep sleep: counters stand still, outputs keep their level. */
  gate(gated) {
    if (gated === this.gated) return;
    this.gated = gated;
    this.resettle();
  }

  resettle() {
    for (let slice = 0; slice < SLICES; slice++) if (this.registers[slice].csr & 1) this.settle(slice);
  }

  now(slice) {
    return this.history[slice][this.history[slice].length - 1];
  }

  /** Starts a new segment with the registers as they are. Compare and top act at once, not at the next wrap. */
  settle(slice, count = null) {
    const { csr, div, cc, top } = this.registers[slice];
    const nanos = this.rp2040.clock.nanos;
    const last = this.now(slice);
    const rate = csr & 1 && !this.gated ? this.rp2040.clkSys / 1e9 / ((div >> 4 || 256) + (div & 15) / 16) : 0;
    const fresh = new Segment(nanos, 0, rate, top, [cc & 0xffff, cc >>> 16], (csr & 2) !== 0, [(csr & 4) !== 0, (csr & 8) !== 0]);
    fresh.phase = (count ?? last.position(nanos)) % fresh.period;
    const history = this.history[slice];
    history.push(fresh);
    if (history.length > 64) history.splice(0, 32);
    this.onSlice?.(slice);
  }

  slot(gpio) {
    return { slice: (gpio >> 1) & 7, output: gpio & 1 };
  }

  level(gpio) {
    const { slice, output } = this.slot(gpio);
    return this.now(slice).level(this.rp2040.clock.nanos, output);
  }

  /** Fraction of high level at a PWM pin between two instants (ns). */
  duty(gpio, from, to) {
    const { slice, output } = this.slot(gpio);
    const history = this.history[slice];
    let high = 0;
    history.forEach((segment, i) => {
      const start = Math.max(from, i === 0 ? from : segment.since);
      const end = Math.min(to, i + 1 < history.length ? history[i + 1].since : to);
      if (end > start) high += segment.high(start, end, output);
    });
    return to > from ? high / (to - from) : this.level(gpio);
  }

  /** Length of one PWM period at a pin in ns, 0 when it stands. */
  periodNanos(gpio) {
    const segment = this.now(this.slot(gpio).slice);
    return segment.rate ? segment.period / segment.rate : 0;
  }

  get gpioValue() {
    let value = 0;
    for (let gpio = 0; gpio < 30; gpio++) value |= this.level(gpio) << gpio;
    return value;
  }

  readUint32(offset) {
    if (offset < EN) return this.readSlice(Math.floor(offset / STRIDE), offset % STRIDE);
    const { raw, enable, force } = this.interrupts;
    switch (offset) {
      case EN: return this.registers.reduce((bits, { csr }, slice) => bits | ((csr & 1) << slice), 0);
      case 0xa4: return raw;
      case 0xa8: return enable;
      case 0xac: return force;
      case 0xb0: return (raw & enable) | force;
      default: return super.readUint32(offset);
    }
  }

  readSlice(slice, register) {
    const { csr, div, cc, top } = this.registers[slice];
    return [csr, div, this.now(slice).counter(this.rp2040.clock.nanos), cc, top][register >> 2];
  }

  writeUint32(offset, value) {
    if (offset < EN) {
      this.writeSlice(Math.floor(offset / STRIDE), offset % STRIDE, value);
      return;
    }
    const { interrupts } = this;
    if (offset === EN) this.registers.forEach((r, slice) => this.writeSlice(slice, 0, (r.csr & ~1) | ((value >> slice) & 1)));
    else if (offset === 0xa4) interrupts.raw &= ~this.rawWriteValue;
    else if (offset === 0xa8) this.enableWrap(value & 0xff);
    else if (offset === 0xac) interrupts.force = value & 0xff;
    this.rp2040.setInterrupt(IRQ_WRAP, ((interrupts.raw & interrupts.enable) | interrupts.force) !== 0);
  }

  enableWrap(value) {
    this.interrupts.enable = value;
    if (value) throw new Error('PWM wrap interrupts are not emulated');
  }

  writeSlice(slice, register, value) {
    const r = this.registers[slice];
    const old = { ...r };
    let count = null;
    if (register === 0x00) r.csr = value & 0x3f;
    else if (register === 0x04) r.div = value & 0xfff;
    else if (register === 0x08) count = value & 0xffff;
    else if (register === 0x0c) r.cc = value >>> 0;
    else r.top = value & 0xffff;
    const same = old.csr === r.csr && old.div === r.div && old.cc === r.cc && old.top === r.top;
    if (!same || count !== null) this.settle(slice, count);
  }
}
