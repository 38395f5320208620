// I2C masters (TRM 11): lists of up to 16 commands over 32-byte FIFOs.

const R = { period: 0x00, control: 0x04, state: 0x08, fifo: 0x18, data: 0x1c, raw: 0x20, clear: 0x24, enable: 0x28, status: 0x2c, high: 0x38, commands: 0x58 };
const START = 1 << 5;
const FIFO_RESET = { rx: 1 << 12, tx: 1 << 13 };
const BUSY = 1 << 4;
const OP = { restart: 0, write: 1, read: 2, stop: 3, end: 4 };
const CHECK_ACK = 1 << 8;
const EXPECT_NACK = 1 << 9;
const DONE = 1 << 31;
const INT = { end: 1 << 3, transaction: 1 << 7, master: 1 << 6, nack: 1 << 10 };
const FIFO = 32;
const APB_HZ = 80e6;
const BITS = 9;

export class I2c {
  /** bus: {targets: Map(address -> {start(write), write(byte), read(), stop()})}. */
  constructor(chip, offset, source, bus) {
    this.chip = chip;
    this.io = chip.memory.registers(offset);
    this.source = source;
    this.bus = bus;
    this.sending = [];
    this.received = [];
    this.raw = 0;
    this.enabled = 0;
    this.nack = false;
    this.fresh = false; // the next byte is an address
    this.target = null;
    this.done = chip.alarm(() => this.finish());
  }

  get(offset) {
    return this.io[offset >> 2];
  }

  read(offset) {
    switch (offset) {
      case R.state: return (this.nack ? 1 : 0) | (this.done.scheduled ? BUSY : 0) | (this.received.length << 8) | (this.sending.length << 18);
      case R.data: return this.received.shift() ?? 0;
      case R.raw: return this.raw;
      case R.enable: return this.enabled;
      case R.status: return this.raw & this.enabled;
      default: return undefined;
    }
  }

  write(offset, value) {
    switch (offset) {
      case R.data: if (this.sending.length < FIFO) this.sending.push(value & 0xff); return true;
      case R.clear: this.raw &= ~value; break;
      case R.enable: this.enabled = value; break;
      default:
        this.io[offset >> 2] = offset === R.control ? value & ~START : value;
        if (offset === R.fifo) this.resetFifos(value);
        if (offset === R.control && value & START) this.start();
    }
    this.interrupt();
    return true;
  }

  resetFifos(value) {
    if (value & FIFO_RESET.rx) this.received.length = 0;
    if (value & FIFO_RESET.tx) this.sending.length = 0;
  }

  interrupt() {
    this.chip.raise(this.source, (this.raw & this.enabled) !== 0);
  }

  /** One list; `end` stops in its middle, and the next list goes on with the same target. */
  start() {
    this.nack = false;
    this.event = 0;
    let bytes = 0;
    for (let at = R.commands; at < R.commands + 64 && !this.event; at += 4) {
      const command = this.get(at);
      this.io[at >> 2] = command | DONE;
      bytes += this.carryOut((command >>> 11) & 7, command);
    }
    const period = (this.get(R.period) & 0x3fff) + (this.get(R.high) & 0x3fff) || 800;
    this.done.at(this.chip.nanos + (bytes * BITS * period * 1e9) / APB_HZ);
  }

  /** One command; the bytes that passed. */
  carryOut(operation, command) {
    const count = command & 0xff;
    if (operation === OP.restart) {
      this.fresh = true;
      return 0;
    }
    if (operation === OP.write) return this.send(count, command);
    if (operation === OP.read) {
      for (let i = 0; i < count; i += 1) this.received.push(this.target ? this.target.read() & 0xff : 0xff);
      return count;
    }
    if (operation === OP.stop) this.stop();
    this.event = operation === OP.stop ? INT.transaction | INT.master : INT.end;
    return 0;
  }

  send(count, command) {
    for (let i = 0; i < count; i += 1) {
      const acknowledged = this.put(this.sending.shift() ?? 0);
      if (acknowledged || !(command & CHECK_ACK) || command & EXPECT_NACK) continue;
      this.nack = true;
      this.event = INT.nack;
      this.stop();
      return i + 1;
    }
    return count;
  }

  put(byte) {
    if (!this.fresh) return this.target ? this.target.write(byte) === true : false;
    this.fresh = false;
    const target = this.bus.targets.get(byte >> 1) ?? null;
    const acknowledged = target !== null && target.start((byte & 1) === 0) !== false;
    this.target = acknowledged ? target : null;
    return acknowledged;
  }

  stop() {
    this.target?.stop();
    this.target = null;
  }

  finish() {
    this.raw |= this.event;
    this.interrupt();
  }
}
