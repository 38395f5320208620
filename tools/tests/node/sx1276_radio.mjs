/** A driver of the SX1276 model for tests: sets the chip up as the datasheet asks, and can leave a step out. */

import { SX1276 } from '../../bench/sim/parts/sx1276.mjs';
import { Host } from './world.mjs';

export const WIRING = { spi: 0, nss: 18, reset: 23, dio0: 26, dio1: 33 };
export const SLEEP = 0x80;
export const STANDBY = 0x81;
export const TX = 0x83;
export const RX = 0x85;
export const RX_SINGLE = 0x86;
const BW = { 125000: 7, 250000: 8, 500000: 9 };

export class Radio {
  /** Powered and ready, in FSK standby as the chip starts. */
  constructor(world, { name = 'board', position = [100, 0] } = {}) {
    this.world = world;
    this.host = new Host(world, name, position);
    this.chip = new SX1276(this.host, WIRING);
    this.host.put(WIRING.nss, 1);
    this.host.put(WIRING.reset, 1);
    this.chip.reset();
    world.pass(10e3);
  }

  get dio0() {
    return this.host.level(WIRING.dio0);
  }

  get dio1() {
    return this.host.level(WIRING.dio1);
  }

  /** One SPI transaction. Returns the bytes read. */
  raw(...bytes) {
    this.host.put(WIRING.nss, 0);
    const answer = bytes.map((byte) => this.host.transfer(byte));
    this.host.put(WIRING.nss, 1);
    return answer;
  }

  read(address) {
    return this.raw(address, 0)[1];
  }

  write(address, ...values) {
    this.raw(address | 0x80, ...values);
  }

  /** The whole legal set-up; `skip`: registers left out, to see them missed. */
  setUp({ hz = 868.1e6, sf = 7, bw = 125000, inverted = false, crc = true, size = 16, dbm = 14, skip = [] } = {}) {
    const frf = Math.round((hz * 2 ** 19) / 32e6);
    const rows = [
      [0x01, 0x00],
      [0x01, 0x01],
      [0x06, frf >> 16, (frf >> 8) & 255, frf & 255],
      [0x3b, 0x42],
    ];
    for (const row of rows) if (!skip.includes(row[0]) || row[0] === 0x01) this.write(...row);
    this.world.pass(11e3);
    const lora = [
      [0x01, 0x00],
      [0x01, SLEEP],
      [0x01, STANDBY],
      [0x09, 0x80 | (dbm - 2)],
      [0x0c, 0x23],
      [0x0e, 0, 0],
      [0x1d, (BW[bw] << 4) | 2],
      [0x1e, (sf << 4) | (crc ? 4 : 0)],
      [0x1f, 8],
      [0x20, 0, 8],
      [0x22, size],
      [0x26, sf > 10 ? 0x0c : 0x04],
      [0x2f, 0x40, 0x00],
      [0x31, bw === 500000 ? 0xc3 : 0x43],
      [0x33, inverted ? 0x67 : 0x27],
      [0x36, bw === 500000 ? 0x02 : 0x03],
      [0x39, 0x34],
      [0x3a, bw === 500000 ? 0x64 : 0x52],
      [0x3b, inverted ? 0x19 : 0x1d],
    ];
    for (const row of lora) if (!skip.includes(row[0]) || row[0] === 0x01) this.write(...row);
  }

  transmit(payload) {
    this.write(0x0d, 0);
    this.write(0x00, ...payload);
    this.write(0x40, 0x40);
    this.write(0x01, TX);
  }

  receive(symbols, mode = RX_SINGLE) {
    this.write(0x1e, (this.read(0x1e) & 0xfc) | (symbols >> 8));
    this.write(0x1f, symbols & 255);
    this.write(0x40, 0x00);
    this.write(0x01, mode);
  }

  /** Payload of the last packet as the chip has it. */
  payload() {
    this.write(0x0d, this.read(0x10));
    return this.raw(0x00, ...new Array(this.read(0x13)).fill(0)).slice(1);
  }
}
