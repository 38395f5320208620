/**
 * QST QMC5883L: magnetometer on I2C, continuous or in standby.
 * Source: QST QMC5883L datasheet 1.0 (registers, sensitivity, ranges; not read again: 2 mG of noise, currents by rate). Drift with
 * temperature is assumed.
 */

import { FIELD, measuredField } from '../field.mjs';
import { I2cPart } from '../i2c_part.mjs';

const [RESULT_END, STATUS, CONTROL, RESET, PERIOD, IDENTITY] = [0x06, 0x06, 0x09, 0x0a, 0x0b, 0x0d];
const [READY, BEYOND, SKIPPED] = [1, 2, 4];
const RATES_HZ = [10, 50, 100, 200];
const DRAW_UA = [75, 100, 150, 250]; // by rate
const STANDBY_UA = 3;
const COUNTS_PER_GAUSS = [12000, 3000]; // 2 G, 8 G
const NT_PER_GAUSS = 100000;
const NOISE_NT = 200;
const FULL = 32767;
const BOOT_NS = 350e3;

export class QMC5883L extends I2cPart {
  /** wiring: {i2c, addr: 0x0D, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring, { name: 'qmc5883l', addresses: [0x0d], around: FIELD, bootNs: BOOT_NS }, options);
    this.measured = 0;
  }

  /* values: those of `field.mjs`, and of every I2C part. */

  restart() {
    this.alarm?.cancel();
    Object.assign(this, { control: 0, period: 0, status: 0, result: [0, 0, 0] });
  }

  draw() {
    return this.#running ? ['measuring', DRAW_UA[this.#rate]] : ['standby', STANDBY_UA];
  }

  /** {measurements, running}. */
  ledger() {
    return { measurements: this.measured, running: this.#running };
  }

  get #running() {
    return (this.control & 3) === 1;
  }

  get #rate() {
    return (this.control >> 2) & 3;
  }

  readRegister(index) {
    if (index === STATUS) return this.status;
    if (index === CONTROL) return this.control;
    if (index === IDENTITY) return 0xff;
    if (index >= RESULT_END) return 0;
    if (index === RESULT_END - 1) this.status = 0;
    return this.result[index >> 1] >> (8 * (index & 1));
  }

  writeRegister(index, byte) {
    if (index === CONTROL) this.#set(byte);
    else if (index === PERIOD) this.period = byte;
    else if (index === RESET && byte & 0x80) {
      this.restart();
      this.show();
    } else this.refuse(`register 0x${index.toString(16)} is not modelled for writing 0x${byte.toString(16)}`);
  }

  #set(byte) {
    this.control = byte;
    this.alarm?.cancel();
    this.show();
    if (!this.#running) return;
    if (this.period !== 1) this.refuse('it is started before its set and reset period is 1');
    this.#next();
  }

  #next() {
    this.alarm = this.host.at(this.host.now() + 1e9 / RATES_HZ[this.#rate], () => this.#finish());
  }

  #finish() {
    this.measured++;
    if (!this.get('stuck') || !this.last) this.last = this.#measure();
    const beyond = this.last.some((counts) => Math.abs(counts) > FULL);
    this.result = this.last.map((counts) => Math.max(-FULL - 1, Math.min(FULL, counts)) & 0xffff);
    this.status = READY | (beyond ? BEYOND : 0) | (this.status & READY ? SKIPPED : 0);
    this.#next();
  }

  #measure() {
    const gain = COUNTS_PER_GAUSS[(this.control >> 4) & 1];
    return measuredField(this, NOISE_NT).map((nt) => Math.round((nt * gain) / NT_PER_GAUSS));
  }
}
