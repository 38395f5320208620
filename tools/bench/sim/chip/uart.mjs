// PL011 of the RP2040 (datasheet 4.2). rp2040js 1.4.1's own raises TXINTR again on every write to ICR, which never ends
// with MicroPython, and has neither receive time-out, transmit timing nor FIFO levels.
import { BasePeripheral } from 'rp2040js';

const RX = 1 << 4;
const TX = 1 << 5;
const RT = 1 << 6;
const FE = 1 << 7;
const OE = 1 << 10;
const FRAMING = 0x100;
const ENABLED = 1;
const TXE = 0x100;
const RXE = 0x200;
const LEVELS = [4, 8, 16, 24, 28];
const TIMEOUT_BITS = 32;
const BAUD_TOLERANCE = 0.03;

export class Uart extends BasePeripheral {
  /** onByte(value, nanos) gets what the chip sends. */
  constructor(mcu, name, irq, dreq) {
    super(mcu, name);
    this.irq = irq;
    this.dreq = dreq;
    this.received = [];
    this.queued = [];
    this.raw = 0;
    this.mask = 0;
    this.control = RXE | TXE;
    this.line = 0;
    this.integer = 0;
    this.fraction = 0;
    this.levels = 0x12;
    this.dma = 0;
    this.shifting = false;
    this.onByte = null;
    this.onOpen = null;
    this.shiftAlarm = mcu.clock.createAlarm(() => this.shifted());
    this.timeoutAlarm = mcu.clock.createAlarm(() => this.received.length && this.raise(RT));
  }

  get depth() {
    return this.line & 0x10 ? 32 : 1;
  }

  /** Bits per second, 0 when the divisor is not set. */
  get baud() {
    const divisor = this.integer + this.fraction / 64;
    return divisor ? this.rp2040.clkPeri / (16 * divisor) : 0;
  }

  get frameNanos() {
    const bits = 2 + 5 + ((this.line >> 5) & 3) + (this.line & 2 ? 1 : 0) + (this.line & 8 ? 1 : 0);
    return this.baud ? (bits * 1e9) / this.baud : 1e5;
  }

  level(select) {
    return this.depth === 1 ? 1 : (LEVELS[select] ?? 28);
  }

  raise(bits) {
    this.raw |= bits;
    this.check();
  }

  check() {
    this.rp2040.setInterrupt(this.irq, (this.raw & this.mask) !== 0);
  }

  clkPeriChanged() {}

  /** A frame ends on the RX pin. baud: what the sender uses; a wrong one arrives damaged, with a framing error. */
  receive(value, baud) {
    if (!this.hears) return;
    if (this.received.length >= this.depth) {
      this.raise(OE);
      return;
    }
    const fits = Math.abs(this.baud / baud - 1) <= BAUD_TOLERANCE;
    this.received.push(fits ? value : (value ^ 0xa5) | FRAMING);
    if (!fits) this.raise(FE);
    if (this.received.length >= this.level((this.levels >> 3) & 7)) this.raise(RX);
    this.timeoutAlarm.schedule((TIMEOUT_BITS * 1e9) / this.baud);
    this.request();
  }

  request() {
    if (!this.dreq) return;
    const { dma } = this.rp2040;
    if (this.received.length && this.dma & 1) dma.setDREQ(this.dreq.rx);
    else dma.clearDREQ(this.dreq.rx);
    if (this.queued.length < this.depth && this.dma & 2) dma.setDREQ(this.dreq.tx);
    else dma.clearDREQ(this.dreq.tx);
  }

  shifted() {
    this.shifting = false;
    const value = this.queued.shift();
    this.onByte?.(value, this.rp2040.clock.nanos);
    if (this.queued.length === this.level(this.levels & 7)) this.raise(TX);
    this.request();
    this.shift();
  }

  shift() {
    if (this.shifting || !this.queued.length || (this.control & (ENABLED | TXE)) !== (ENABLED | TXE)) return;
    this.shifting = true;
    this.shiftAlarm.schedule(this.frameNanos);
  }

  take() {
    const value = this.received.shift() ?? 0;
    if (this.received.length < this.level((this.levels >> 3) & 7)) this.raw &= ~RX;
    if (!this.received.length) {
      this.raw &= ~RT;
      this.timeoutAlarm.cancel();
    }
    this.check();
    this.request();
    return value;
  }

  flags() {
    return (
      (this.queued.length ? 0x08 : 0x80) |
      (this.received.length ? 0 : 0x10) |
      (this.queued.length >= this.depth ? 0x20 : 0) |
      (this.received.length >= this.depth ? 0x40 : 0)
    );
  }

  readUint32(offset) {
    switch (offset) {
      case 0x00: return this.take();
      case 0x18: return this.flags();
      case 0x24: return this.integer;
      case 0x28: return this.fraction;
      case 0x2c: return this.line;
      case 0x30: return this.control;
      case 0x34: return this.levels;
      case 0x38: return this.mask;
      case 0x3c: return this.raw;
      case 0x40: return this.raw & this.mask;
      case 0x48: return this.dma;
      case 0xfe0: return 0x11;
      case 0xfe4: return 0x10;
      case 0xfe8: return 0x34;
      default: return 0;
    }
  }

  send(value) {
    if (this.queued.length < this.depth) this.queued.push(value & 0xff);
    this.shift();
    if (this.queued.length > this.level(this.levels & 7)) this.raw &= ~TX;
    this.check();
    this.request();
  }

  get hears() {
    return (this.control & (ENABLED | RXE)) === (ENABLED | RXE);
  }

  enable(value) {
    const before = this.hears;
    this.control = value;
    this.shift();
    if (this.hears && !before) this.onOpen?.();
  }

  writeUint32(offset, value) {
    switch (offset) {
      case 0x00: this.send(value); break;
      case 0x24: this.integer = value & 0xffff; break;
      case 0x28: this.fraction = value & 63; break;
      case 0x2c: this.line = value & 0xff; break;
      case 0x30: this.enable(value); break;
      case 0x34: this.levels = value & 63; break;
      case 0x38:
        this.mask = value & 0x7ff;
        this.check();
        break;
      case 0x44:
        this.raw &= ~this.rawWriteValue;
        this.check();
        break;
      case 0x48:
        this.dma = value & 7;
        this.request();
        break;
      default:
    }
  }
}
