/**
 * ST VL53L1X: time-of-flight ranger on I2C, 40 to 4000 mm: boot, start and stop, interrupt and results as ST's driver uses them.
 * Source: STSW-IMG009 3.3 (timing budgets, range status), UM2510 (order of steps), datasheet DocID031281 (address 0x29; boot
 * 1.2 ms and currents are its usual values, not read again). Noise and beam are assumed.
 */

import { gauss } from '../random.mjs';
import { Surroundings } from '../surroundings.mjs';
import { CLEAR, MODE, RANGING, Registers, STOPPED } from './vl53l1x_registers.mjs';

const ADDRESS = 0x29;
const BOOT_NS = 1.2e6;
const NEAR_MM = 40;
const FAR_MM = 4000;
const NOISE_MM = 2;
const REFLECTED_SHARE = 0.4; // of the rangings that an obstacle in the beam takes
const DRAW_UA = { ranging: 16000, standby: 6, off: 0 };
const VALID = 9; // as the register has it; ST's driver calls it 0
const NO_SIGNAL = 4; // 2 of ST's driver

export class VL53L1X {
  static BUS = 'i2c';

  /** wiring: {i2c, addr: 0x29}. options: as `set`. Raises Error for another address: it boots at this one. */
  constructor(host, wiring, options = {}) {
    if ((wiring.addr ?? ADDRESS) !== ADDRESS) throw new Error(`vl53l1x at address ${wiring.addr}: it boots at 0x29`);
    this.host = host;
    this.around = new Surroundings('vl53l1x', { distance_mm: 1200, absent: false, stuck: false, obstructed_mm: null });
    this.around.set(options);
    this.registers = new Registers((sentence) => host.refuse(`VL53L1X: ${sentence}`));
    Object.assign(this, { powered: false, alarm: null, rangings: 0, last: 0 });
    host.i2c(wiring.i2c).attach(ADDRESS, {
      start: (write) => this.#present() && (this.registers.start(write), true),
      write: (byte) => this.#write(byte),
      read: () => this.registers.read(),
      stop: () => {},
    });
  }

  /**
   * values: distance_mm (null or out of range: no signal), absent (no acknowledgement at the address), stuck (the last value again
   * and again), obstructed_mm (something near takes part of the rangings; null: nothing there).
   */
  set(values) {
    this.around.set(values);
  }

  /** Power on: booted after 1.2 ms, nothing configured. */
  reset() {
    this.registers.reset();
    this.powered = true;
    this.since = this.host.now();
    this.#show();
  }

  off() {
    this.powered = false;
    this.alarm?.cancel();
    this.#show();
  }

  /** {rangings, ranging: now, last_mm}. */
  ledger() {
    return { rangings: this.rangings, ranging: this.powered && this.registers.ranging, last_mm: this.last };
  }

  #show() {
    const state = !this.powered ? 'off' : this.registers.ranging ? 'ranging' : 'standby';
    this.host.current('vl53l1x', state, DRAW_UA[state]);
  }

  #present() {
    const now = this.host.now();
    return this.powered && now - this.since >= BOOT_NS && !this.around.get('absent', now);
  }

  #write(byte) {
    const register = this.registers.write(byte);
    if (register === CLEAR && byte & 1) this.registers.ready = false;
    else if (register === MODE) this.#mode(byte);
    return true;
  }

  #mode(byte) {
    const { registers } = this;
    const unknown = byte !== STOPPED && byte !== RANGING && `mode 0x${byte.toString(16)} is not one of ST's driver: 0x40 or 0x00`;
    const fault = unknown || (byte === RANGING && registers.fault());
    if (fault) {
      registers.refuse(fault);
      return;
    }
    registers.bytes[MODE] = byte;
    this.alarm?.cancel();
    this.#show();
    if (byte === RANGING) this.#next();
  }

  #next() {
    this.alarm = this.host.at(this.host.now() + this.registers.budgetMs * 1e6, () => this.#finish());
  }

  /** A result that was not taken keeps the next one out. */
  #finish() {
    this.rangings++;
    if (!this.registers.ready) this.#measure(this.host.now());
    this.#next();
  }

  #measure(now) {
    const obstacle = this.around.get('obstructed_mm', now);
    const hit = obstacle !== null && this.host.random() < REFLECTED_SHARE;
    const distance = hit ? obstacle : this.around.get('distance_mm', now);
    const seen = distance !== null && distance >= NEAR_MM && distance <= FAR_MM;
    const noise = NOISE_MM * gauss(() => this.host.random());
    const measured = Math.round(seen ? distance + noise : this.host.random() * FAR_MM);
    if (!this.registers.measured || !this.around.get('stuck', now)) this.last = Math.max(0, measured);
    this.registers.result(seen ? VALID : NO_SIGNAL, this.last);
  }
}
