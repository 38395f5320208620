/** A driver of the SX1262 model for tests: sends commands as the datasheet asks, and can break the rules on request. */

import { SX1262 } from '../../bench/sim/parts/sx1262.mjs';
import { Host } from './world.mjs';

export const WIRING = { spi: 1, nss: 3, busy: 2, reset: 15, dio1: 20, tcxo_mv: 1700, rf_switch: 'dio2' };
const RAW = (hz) => Math.round((hz * 2 ** 25) / 32e6);
const BW = { 125000: 4, 250000: 5, 500000: 6 };
const bytesOf = (value, count) => Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** (count - 1 - i)) & 255);

export class Radio {
  /** Powered, reset over, awake. */
  constructor(world, { name = 'board', position = [100, 0], wiring = WIRING, options = {} } = {}) {
    this.world = world;
    this.host = new Host(world, name, position);
    this.wiring = wiring;
    this.chip = new SX1262(this.host, wiring, options);
    this.host.put(wiring.nss, 1);
    this.host.put(wiring.reset, 1);
    this.chip.reset();
    this.ready();
  }

  get busy() {
    return this.host.level(this.wiring.busy);
  }

  get dio1() {
    return this.host.level(this.wiring.dio1);
  }

  /** Waits for BUSY; at most 100 ms. */
  ready() {
    const end = this.world.ns / 1e3 + 100e3;
    while (this.busy && this.world.ns / 1e3 < end) this.world.pass(1);
  }

  /** One SPI transaction as it is, without waiting. Returns the bytes read. */
  raw(...bytes) {
    this.host.put(this.wiring.nss, 0);
    const answer = bytes.map((byte) => this.host.transfer(byte));
    this.host.put(this.wiring.nss, 1);
    return answer;
  }

  /** Waits for BUSY, then one transaction. */
  send(...bytes) {
    this.ready();
    return this.raw(...bytes);
  }

  wake() {
    this.host.put(this.wiring.nss, 0);
    this.ready();
    this.host.put(this.wiring.nss, 1);
  }

  register(address) {
    return this.send(0x1d, address >> 8, address & 255, 0, 0)[4];
  }

  setRegister(address, ...values) {
    this.send(0x0d, address >> 8, address & 255, ...values);
  }

  irq() {
    const answer = this.send(0x12, 0, 0, 0);
    return (answer[2] << 8) | answer[3];
  }

  errors() {
    const answer = this.send(0x17, 0, 0, 0);
    return (answer[2] << 8) | answer[3];
  }

  clearIrq() {
    this.send(0x02, 0x03, 0xff);
  }

  /** The whole legal set-up; `skip`: opcodes left out, to see them missed. */
  setUp({
    hz = 868.1e6,
    sf = 7,
    bw = 125000,
    inverted = false,
    crc = true,
    size = 16,
    dbm = 14,
    rxBase = 0,
    ldro = sf > 10 ? 1 : 0,
    skip = [],
  } = {}) {
    const commands = [
      [0x80, 0],
      [0x97, 1, ...bytesOf(320, 3)],
      [0x07, 0, 0],
      [0x89, 0x7f],
      [0x96, 1],
      [0x9d, 1],
      [0x8a, 1],
      [0x86, ...bytesOf(RAW(hz), 4)],
      [0x98, 0xd7, 0xdb],
      [0x95, 2, 2, 0, 1],
      [0x8e, (dbm + 8) & 255, 4],
      [0x8f, 0, rxBase],
      [0x8b, sf, BW[bw], 1, ldro],
      [0x8c, 0, 8, 0, size, Number(crc), Number(inverted)],
      [0x08, 3, 0xff, 3, 0xff, 0, 0, 0, 0],
    ];
    for (const command of commands) if (!skip.includes(command[0])) this.send(...command);
    this.setRegister(0x740, 0x34, 0x44);
    this.setRegister(0x736, inverted ? 0x09 : 0x0d);
    this.setRegister(0x889, bw === 500000 ? 0x00 : 0x04);
    this.setRegister(0x8d8, 0xde);
    this.setRegister(0x8ac, 0x96);
    this.send(0x80, 1);
    this.ready();
  }

  transmit(payload) {
    this.send(0x0e, 0, ...payload);
    this.send(0x83, 0, 0, 0);
  }

  receive(ticks = 0, symbols = 0) {
    this.send(0xa0, symbols);
    this.send(0x82, ...bytesOf(ticks, 3));
    this.ready();
  }

  /** Payload of the last packet as the chip has it. */
  payload() {
    const [, , size, start] = this.send(0x13, 0, 0, 0);
    return this.send(0x1e, start, 0, ...new Array(size).fill(0)).slice(3);
  }
}
