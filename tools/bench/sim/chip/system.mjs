// The small system blocks of the RP2040 that rp2040js 1.4.1 lacks or gets wrong: timer, watchdog, RTC, ring oscillator,
// reset cause, sleep clock gates. Sections are those of the RP2040 datasheet.
import { BasePeripheral } from 'rp2040js';

/** A block whose registers only remember: VREG_AND_CHIP_RESET (2.12.8), IO_QSPI (2.19.6.3). rp2040js reads all ones there. */
export class Registers extends BasePeripheral {
  constructor(mcu, name, initial = {}, onWrite = null) {
    super(mcu, name);
    this.values = new Map(Object.entries(initial).map(([offset, value]) => [Number(offset), value]));
    this.onWrite = onWrite;
  }

  readUint32(offset) {
    return this.values.get(offset) ?? 0;
  }

  writeUint32(offset, value) {
    this.values.set(offset, value);
    this.onWrite?.(offset, value);
  }
}

const STOP_CODE = 0xd1e; // CTRL.ENABLE

/** Ring oscillator (2.17): stable, with a seeded random bit, from which MicroPython makes os.urandom. */
export class RingOscillator extends Registers {
  constructor(mcu, random) {
    super(mcu, 'ROSC', { 0x18: 0x80001000 });
    this.random = random;
  }

  get stopped() {
    return ((this.values.get(0) ?? 0) >>> 12) === STOP_CODE;
  }

  readUint32(offset) {
    return offset === 0x1c ? this.random() & 1 : super.readUint32(offset);
  }
}

// An alarm's instant is a float: at it, the counter must already show its value.
const ROUNDING = 1e-6;

/** Microsecond timer (4.6). Starts at 0 at every reset; an alarm fires when the counter equals it, never early. */
export class Timer extends BasePeripheral {
  /** rate: world nanoseconds per nanosecond of the crystal. */
  constructor(mcu, rate = 1) {
    super(mcu, 'TIMER');
    this.tickNanos = 1000 * rate;
    this.origin = mcu.clock.nanos;
    this.high = 0;
    this.raw = 0;
    this.enabled = 0;
    this.forced = 0;
    this.targets = [0, 0, 0, 0];
    this.alarms = [0, 1, 2, 3].map((i) => mcu.clock.createAlarm(() => this.fire(i)));
  }

  get micros() {
    return Math.floor((this.rp2040.clock.nanosCounter - this.origin) / this.tickNanos + ROUNDING);
  }

  fire(index) {
    this.raw |= 1 << index;
    this.check();
  }

  check() {
    const status = (this.raw & this.enabled) | this.forced;
    for (let i = 0; i < 4; i++) this.rp2040.setInterrupt(i, (status & (1 << i)) !== 0);
  }

  armed() {
    return this.alarms.reduce((bits, alarm, i) => bits | (alarm.scheduled ? 1 << i : 0), 0);
  }

  readUint32(offset) {
    const { micros } = this;
    switch (offset) {
      case 0x08: return this.high;
      case 0x0c: this.high = Math.floor(micros / 2 ** 32); return micros >>> 0;
      case 0x10: case 0x14: case 0x18: case 0x1c: return this.targets[(offset - 0x10) >> 2];
      case 0x20: return this.armed();
      case 0x24: return Math.floor(micros / 2 ** 32);
      case 0x28: return micros >>> 0;
      case 0x34: return this.raw;
      case 0x38: return this.enabled;
      case 0x3c: return this.forced;
      case 0x40: return (this.raw & this.enabled) | this.forced;
      default: return 0;
    }
  }

  writeUint32(offset, value) {
    if (offset >= 0x10 && offset <= 0x1c) this.arm((offset - 0x10) >> 2, value >>> 0);
    else if (offset === 0x20) this.alarms.forEach((alarm, i) => this.rawWriteValue & (1 << i) && alarm.cancel());
    else if (offset === 0x34) this.raw &= ~this.rawWriteValue;
    else if (offset === 0x38) this.enabled = value & 15;
    else if (offset === 0x3c) this.forced = value & 15;
    this.check();
  }

  /** The low 32 bits match at the next time the counter gets there: at most 2**32 us ahead. */
  arm(index, target) {
    const { micros } = this;
    const ahead = (target - (micros >>> 0)) >>> 0 || 2 ** 32;
    this.targets[index] = target;
    this.alarms[index].at(this.origin + (micros + ahead) * this.tickNanos);
  }
}

const WATCHDOG_ENABLE = 1 << 30;

/** Watchdog (4.7) with its scratch registers. Counts down twice per microsecond tick (errata RP2040-E1). */
export class Watchdog extends BasePeripheral {
  /** onBite(reason): 1 timer, 2 forced; the owner resets the chip. */
  constructor(mcu, rate, scratch, reason, onBite) {
    super(mcu, 'WATCHDOG');
    this.tickNanos = 500 * rate;
    this.scratch = scratch;
    this.reason = reason;
    this.onBite = onBite;
    this.control = 0;
    this.load = 0;
    this.tick = 0x200;
    this.loadedAt = 0;
    this.alarm = mcu.clock.createAlarm(() => this.bite(1));
  }

  bite(reason) {
    this.alarm.cancel();
    this.control = 0;
    this.reason = reason;
    this.onBite(reason);
  }

  remaining() {
    const gone = Math.floor((this.rp2040.clock.nanos - this.loadedAt) / this.tickNanos);
    return this.control & WATCHDOG_ENABLE ? Math.max(0, this.load - gone) : this.load;
  }

  readUint32(offset) {
    if (offset === 0x00) return (this.control & 0x47000000) | this.remaining();
    if (offset === 0x08) return this.reason;
    if (offset >= 0x0c && offset <= 0x28) return this.scratch[(offset - 0x0c) >> 2];
    return offset === 0x2c ? this.tick | (this.tick & 0x200 ? 0x400 : 0) : 0;
  }

  writeUint32(offset, value) {
    if (offset === 0x00) this.enable(value);
    else if (offset === 0x04) this.reload(value & 0xffffff);
    else if (offset >= 0x0c && offset <= 0x28) this.scratch[(offset - 0x0c) >> 2] = value;
    else if (offset === 0x2c) this.tick = value & 0x3ff;
  }

  enable(value) {
    const left = this.remaining();
    this.control = value & 0x47000000;
    if (value & 0x80000000) this.bite(2);
    else this.reload(left);
  }

  reload(value) {
    this.load = value;
    this.loadedAt = this.rp2040.clock.nanos;
    if (this.control & WATCHDOG_ENABLE) this.alarm.schedule(value * this.tickNanos);
    else this.alarm.cancel();
  }
}

/** Real-time clock (4.8) in whole seconds, without a time zone. Stands still while its clock is gated. */
export class Rtc extends BasePeripheral {
  constructor(mcu, rate = 1) {
    super(mcu, 'RTC');
    this.secondNanos = 1e9 * rate;
    this.setup = [0, 0];
    this.control = 0;
    this.base = Date.UTC(2021, 0, 1);
    this.since = mcu.clock.nanos;
    this.gated = false;
  }

  get date() {
    const running = this.control & 1 && !this.gated;
    return new Date(this.base + (running ? Math.floor((this.rp2040.clock.nanos - this.since) / this.secondNanos) * 1000 : 0));
  }

  /** Freezes or releases the counter; the fraction of a second is kept. */
  gate(gated) {
    if (gated === this.gated) return;
    const { nanos } = this.rp2040.clock;
    if (gated) this.frozen = nanos - this.since;
    else this.since = nanos - this.frozen;
    if (gated) this.base += Math.floor(this.frozen / this.secondNanos) * 1000;
    if (gated) this.frozen %= this.secondNanos;
    this.gated = gated;
  }

  readUint32(offset) {
    const { date } = this;
    switch (offset) {
      case 0x04: return this.setup[0];
      case 0x08: return this.setup[1];
      case 0x0c: return this.control;
      case 0x18: return (date.getUTCFullYear() << 12) | ((date.getUTCMonth() + 1) << 8) | date.getUTCDate();
      case 0x1c:
        return (date.getUTCDay() << 24) | (date.getUTCHours() << 16) | (date.getUTCMinutes() << 8) | date.getUTCSeconds();
      default: return 0;
    }
  }

  writeUint32(offset, value) {
    if (offset === 0x04 || offset === 0x08) this.setup[(offset - 4) >> 2] = value;
    else if (offset === 0x0c) this.start(value);
  }

  start(value) {
    if (value & 0x10) {
      const [day, time] = this.setup;
      const hour = [(time >> 16) & 31, (time >> 8) & 63, time & 63];
      this.base = Date.UTC((day >> 12) & 0xfff, ((day >> 8) & 15) - 1, day & 31, ...hour);
      this.since = this.rp2040.clock.nanos;
    }
    this.control = value & 1 ? 3 : 0;
  }
}

/** Adds the sleep gates (2.15.7: WAKE_EN, SLEEP_EN) to rp2040js's clocks block. `sleepEnable(word)` reads them. */
export function addSleepGates(mcu) {
  const clocks = mcu.clocks;
  const gates = new Map([[0xa0, 0xffffffff], [0xa4, 0x7fff], [0xa8, 0xffffffff], [0xac, 0x7fff]]);
  const read = clocks.readUint32.bind(clocks);
  const write = clocks.writeUint32.bind(clocks);
  clocks.readUint32 = (offset) => (offset >= 0xa0 && offset <= 0xb4 ? (gates.get(offset) ?? gates.get(offset - 0x10)) : read(offset));
  clocks.writeUint32 = (offset, value) => {
    if (gates.has(offset)) gates.set(offset, value >>> 0);
    else if (offset < 0x80 || offset > 0xc4) write(offset, value);
  };
  return (index) => gates.get(0xa8 + 4 * index);
}
