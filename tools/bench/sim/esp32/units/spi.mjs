// SPI2 (HSPI) and SPI3 (VSPI) as masters (TRM 7), with their DMA. What hangs on the bus answers byte by byte.
import { fill, taken } from './buffer.mjs';

const R = { command: 0x00, address: 0x04, clock: 0x18, user: 0x1c, user1: 0x20, user2: 0x24, mosi: 0x28, miso: 0x2c, slave: 0x38, out: 0x104, in: 0x108 };
const START = 1 << 18;
const USER = { command: 1 << 31, address: 1 << 30, miso: 1 << 28, mosi: 1 << 27, duplex: 1 };
const DONE = 1 << 4;
const DONE_ENABLED = 1 << 9;
const LINK = { stop: 1 << 28, start: 1 << 29 };
const APB_HZ = 80e6;
const OWNED = 1 << 31;

export class Spi {
  /** bus: {exchange(byte) -> byte, or null}. */
  constructor(chip, offset, source, bus) {
    this.chip = chip;
    this.memory = chip.memory;
    this.io = chip.memory.registers(offset);
    this.source = source;
    this.bus = bus;
    this.links = { out: 0, in: 0 };
    this.done = chip.alarm(() => this.finish());
  }

  get(offset) {
    return this.io[offset >> 2];
  }

  get hertz() {
    const clock = this.get(R.clock);
    return clock >>> 31 ? APB_HZ : APB_HZ / ((((clock >>> 18) & 0x1fff) + 1) * (((clock >>> 12) & 63) + 1));
  }

  write(offset, value) {
    this.io[offset >> 2] = value;
    if (offset === R.command && value & START) this.start();
    else if (offset === R.slave) this.interrupt();
    else if (offset === R.out) this.links.out = this.link(value, this.links.out);
    else if (offset === R.in) this.links.in = this.link(value, this.links.in);
    return true;
  }

  /** The address of the first DMA descriptor, 20 bits of it in the register. */
  link(value, old) {
    if (value & LINK.stop) return 0;
    return value & LINK.start ? 0x3ff00000 | (value & 0xfffff) : old;
  }

  interrupt() {
    const slave = this.get(R.slave);
    this.chip.raise(this.source, slave & DONE && slave & DONE_ENABLED);
  }

  /** Bits of the command and address phases, as bytes in the order in which they are sent. */
  head(user) {
    const bytes = [];
    const commandBits = user & USER.command ? (this.get(R.user2) >>> 28) + 1 : 0;
    for (let k = 0; k < commandBits; k += 8) bytes.push((this.get(R.user2) >>> k) & 0xff);
    const addressBits = user & USER.address ? (this.get(R.user1) >>> 26) + 1 : 0;
    for (let k = 24; k > 24 - addressBits; k -= 8) bytes.push((this.get(R.address) >>> k) & 0xff);
    return bytes;
  }

  start() {
    const user = this.get(R.user);
    const count = (offset, on) => (user & on ? (this.get(offset) & 0xffffff) + 1 : 0);
    const [outBits, inBits] = [count(R.mosi, USER.mosi), count(R.miso, USER.miso)];
    const head = this.head(user);
    const [outCount, inCount] = [(outBits + 7) >> 3, (inBits + 7) >> 3];
    const out = [...head, ...(this.links.out ? this.gather(this.links.out, outCount) : taken(this.io, outCount))];
    const duplex = (user & USER.duplex) !== 0;
    const total = duplex ? Math.max(out.length, head.length + inCount) : out.length + inCount;
    const got = Array.from({ length: total }, (_, i) => (this.bus.exchange ? this.bus.exchange(out[i] ?? 0) & 0xff : 0));
    this.got = got.slice(duplex ? head.length : out.length).slice(0, inCount);
    const bits = head.length * 8 + (duplex ? Math.max(outBits, inBits) : outBits + inBits);
    this.done.at(this.chip.nanos + (Math.max(1, bits) * 1e9) / this.hertz);
  }

  /** Bytes out of a chain of descriptors: {owner, length, size; buffer; next}. */
  gather(link, count) {
    const bytes = [];
    for (let at = link; at && bytes.length < count; at = this.memory.r32(at + 8)) {
      const length = Math.min((this.memory.r32(at) >>> 12) & 0xfff, count - bytes.length);
      const from = this.memory.r32(at + 4);
      for (let i = 0; i < length; i += 1) bytes.push(this.memory.r8(from + i));
      if (!length) break;
    }
    return bytes;
  }

  scatter(link, bytes) {
    let done = 0;
    for (let at = link; at && done < bytes.length; at = this.memory.r32(at + 8)) {
      const word = this.memory.r32(at);
      const length = Math.min(word & 0xfff, bytes.length - done);
      const to = this.memory.r32(at + 4);
      for (let i = 0; i < length; i += 1) this.memory.w8(to + i, bytes[done + i]);
      this.memory.w32(at, ((word & ~0xfff000) | (length << 12)) & ~OWNED);
      done += length;
      if (!length) break;
    }
  }

  finish() {
    const { got } = this;
    if (this.links.in && got.length) this.scatter(this.links.in, got);
    else fill(this.io, got);
    this.links = { out: 0, in: 0 };
    this.io[R.command >> 2] = 0;
    this.io[R.slave >> 2] |= DONE;
    this.interrupt();
  }
}
