// UART0..2 (TRM 13): 128-byte FIFOs, baud rate from the 80 MHz clock, receive time-out. RS-485, IrDA and flow control are absent.

const FIFO = 128;
const INT = { rxFull: 1, txEmpty: 2, overrun: 1 << 4, timeout: 1 << 8, txDone: 1 << 14 };
const R = { fifo: 0x00, raw: 0x04, status: 0x08, enable: 0x0c, clear: 0x10, divider: 0x14, state: 0x1c, conf0: 0x20, conf1: 0x24, sleep: 0x38, pointers: 0x60, count: 0x64 };
const CONF0 = { rxReset: 1 << 17, txReset: 1 << 18, apb: 1 << 27 };
const APB_HZ = 80e6;
const REFERENCE_HZ = 1e6;
const LEAST_EDGES = 2; // rising ones, beside those of SLEEP_CONF
const BOOT_DIVIDER = 694; // 115200 baud, as the ROM leaves it

export class Uart {
  /** onByte(value): a byte has left the transmitter. */
  constructor(chip, n, offset, source) {
    this.chip = chip;
    this.n = n;
    this.io = chip.memory.registers(offset);
    this.source = source;
    this.fifo = 0;
    this.received = [];
    this.sending = [];
    this.read_ = 0;
    this.raw = 0;
    this.enabled = 0;
    this.onByte = null;
    this.onOpen = null; // its line is set up: what hangs on it may send
    this.hears = n === 0;
    this.shifting = chip.alarm(() => this.shifted());
    this.timeout = chip.alarm(() => this.quiet());
    this.io[R.divider >> 2] = n === 0 ? BOOT_DIVIDER : 0;
    this.io[R.conf0 >> 2] = (3 << 2) | (1 << 4) | CONF0.apb;
    this.io[R.conf1 >> 2] = 0x6060;
    this.io[R.sleep >> 2] = 0xf0;
  }

  get baud() {
    const divider = this.io[R.divider >> 2];
    const hertz = this.io[R.conf0 >> 2] & CONF0.apb ? APB_HZ : REFERENCE_HZ;
    return hertz / Math.max(1, (divider & 0xfffff) + ((divider >>> 20) & 15) / 16);
  }

  /** Nanoseconds of one character. */
  get frameNanos() {
    const conf = this.io[R.conf0 >> 2];
    const bits = 1 + 5 + ((conf >> 2) & 3) + (conf & 2 ? 1 : 0) + (((conf >> 4) & 3) === 3 ? 2 : 1);
    return (bits * 1e9) / this.baud;
  }

  read(offset) {
    switch (offset) {
      case R.fifo: return this.take();
      case R.raw: return this.raw;
      case R.status: return this.raw & this.enabled;
      case R.enable: return this.enabled;
      case R.state: return this.received.length | (this.sending.length << 16) | (3 << 14);
      case R.pointers: return (this.read_ << 2) | (((this.read_ + this.received.length) % FIFO) << 13);
      case R.count: return this.received.length;
      default: return undefined;
    }
  }

  take() {
    const value = this.received.shift() ?? 0;
    this.read_ = (this.read_ + 1) % FIFO;
    this.update();
    return value;
  }

  write(offset, value) {
    switch (offset) {
      case R.fifo: this.send(value & 0xff); return true;
      case R.enable: this.enabled = value; break;
      case R.clear: this.raw &= ~value; break;
      case R.raw: case R.status: return true;
      default:
        this.io[offset >> 2] = value;
        if (offset === R.conf0) this.resets(value);
        if (offset === R.divider) this.open();
    }
    this.update();
    return true;
  }

  open() {
    this.hears = true;
    this.onOpen?.();
  }

  resets(value) {
    if (value & CONF0.rxReset) {
      this.received.length = 0;
      this.read_ = 0;
    }
    if (value & CONF0.txReset) this.sending.length = 0;
  }

  send(value) {
    if (this.sending.length >= FIFO) return;
    this.sending.push(value);
    if (!this.shifting.scheduled) this.shifting.at(this.chip.nanos + this.frameNanos);
    this.update();
  }

  shifted() {
    const value = this.sending.shift();
    if (this.sending.length) this.shifting.schedule(this.frameNanos);
    else this.raw |= INT.txDone;
    if (value !== undefined) this.onByte?.(value);
    this.update();
  }

  /** A byte has arrived on the line, sent at `baud`; at another rate than this one's it is noise. */
  receive(value, baud = this.baud) {
    if (this.chip.stopped) {
      this.chip.units.rtc.wake.heard(this.n, value, (this.io[R.sleep >> 2] & 0x3ff) + LEAST_EDGES);
      return;
    }
    const wrong = Math.abs(baud / this.baud - 1) > 0.03;
    if (this.received.length < FIFO - 1) this.received.push(wrong ? this.chip.random() & 0xff : value);
    else this.raw |= INT.overrun;
    const conf = this.io[R.conf1 >> 2];
    if (conf >>> 31) this.timeout.schedule((((conf >>> 24) & 127) || 1) * 8 * (1e9 / this.baud));
    this.update();
  }

  quiet() {
    if (!this.received.length) return;
    this.raw |= INT.timeout;
    this.update();
  }

  update() {
    const conf = this.io[R.conf1 >> 2];
    const level = (flag, on) => { this.raw = on ? this.raw | flag : this.raw & ~flag; };
    level(INT.rxFull, this.received.length >= ((conf & 127) || 1));
    level(INT.txEmpty, this.sending.length <= ((conf >>> 8) & 127));
    this.chip.raise(this.source, (this.raw & this.enabled) !== 0);
  }
}
