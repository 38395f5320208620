/**
 * What every device on a 1-Wire line has above its bits: a ROM with a CRC, the commands that choose it, bytes in and out.
 * Source: Maxim DS18B20 datasheet 19-7487 rev 6 (ROM commands), Maxim application note 27 (CRC).
 */

import { OneWire } from './one_wire.mjs';

const [SEARCH, READ_ROM, MATCH, SKIP] = [0xf0, 0x33, 0x55, 0xcc];
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];

/** x^8 + x^5 + x^4 + 1, from 0, reflected. */
export function crc8(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >> 1) ^ 0x8c : crc >> 1;
  }
  return crc;
}

const bitsOf = (bytes) => bytes.flatMap((byte) => EIGHT.map((i) => (byte >> i) & 1));
const byteOf = (bits) => bits.reduce((sum, b, i) => sum | (b << i), 0);

export class OneWireDevice {
  /**
   * chip: {present(), command(code) after it was chosen, written(bytes) that it asked for by `listen`, busy() -> bit of a slot when
   * nothing else is to be told or null, error() -> share of the bits read that are wrong, refuse(sentence)}.
   */
  constructor(host, gpio, family, chip) {
    const serial = EIGHT.slice(2).map(() => Math.floor(host.random() * 256));
    this.rom = [family, ...serial, crc8([family, ...serial])];
    Object.assign(this, { host, chip });
    this.idle();
    this.line = new OneWire(host, gpio, {
      present: () => chip.present(),
      reset: () => this.#expect('rom', 1),
      bit: (b) => this.#bit(b),
      next: () => (this.out.length ? this.#told(this.out.shift()) : this.state === 'idle' ? chip.busy() : null),
      refuse: chip.refuse,
    });
  }

  /** Until the next reset it neither hears nor tells. */
  idle() {
    Object.assign(this, { state: 'idle', bits: [], out: [], wanted: 0 });
  }

  /** So many bytes come next: `written` gets them. */
  listen(count) {
    this.#expect('written', count);
  }

  /** These bytes, with their CRC, are what slots read next. */
  tell(bytes) {
    this.out = bitsOf([...bytes, crc8(bytes)]);
  }

  #expect(state, bytes) {
    Object.assign(this, { state, bits: [], out: [], wanted: 8 * bytes });
  }

  #told(bit) {
    return this.host.random() < this.chip.error() ? 1 - bit : bit;
  }

  #bit(b) {
    if (this.state === 'search') this.#search(b);
    else if (this.state !== 'idle' && this.bits.push(b) === this.wanted) this.#bytes();
  }

  #bytes() {
    const { state, bits } = this;
    const bytes = Array.from({ length: bits.length / 8 }, (_, i) => byteOf(bits.slice(8 * i, 8 * i + 8)));
    this.idle();
    if (state === 'rom') this.#romCommand(bytes[0]);
    else if (state === 'match' && bytes.every((byte, i) => byte === this.rom[i])) this.#chosen();
    else if (state === 'function') this.chip.command(bytes[0]);
    else if (state === 'written') this.chip.written(bytes);
  }

  #chosen() {
    this.#expect('function', 1);
  }

  #romCommand(code) {
    if (code === SKIP) this.#chosen();
    else if (code === MATCH) this.#expect('match', 8);
    else if (code === SEARCH) this.#offer(0);
    else if (code === READ_ROM) {
      this.#chosen();
      this.out = bitsOf(this.rom);
    } else this.chip.refuse(`it has no ROM command 0x${code.toString(16)}`);
  }

  #offer(at) {
    const bit = bitsOf(this.rom)[at];
    Object.assign(this, { state: 'search', at, out: [bit, 1 - bit] });
  }

  #search(b) {
    if (b !== bitsOf(this.rom)[this.at]) this.idle();
    else if (this.at === 63) this.#chosen();
    else this.#offer(this.at + 1);
  }
}
