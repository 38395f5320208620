/**
 * PNI RM3100: magneto-inductive field sensor on I2C, polled. Gain, time and noise by the cycle count.
 * Source: PNI RM3100 & RM2100 user manual, table 3-1 and chapter 5 (not read again: average currents at 8 Hz, from which the
 * charge of a measurement follows), 75 counts a uT and 15 nT at 200 as in PNI's article on magneto-inductive technology; registers as
 * in Linux's rm3100-core.c. Drift with temperature is assumed.
 */

import { FIELD, measuredField } from '../field.mjs';
import { I2cPart } from '../i2c_part.mjs';

const ADDRESSES = [0x20, 0x21, 0x22, 0x23];
const [POLL, CYCLES, CYCLES_END, RESULT, RESULT_END, STATUS, REVISION] = [0x00, 0x04, 0x0a, 0x24, 0x2d, 0x34, 0x36];
const READY = 0x80;
/** cycle count -> counts a uT, noise, time of three axes, charge of a measurement. */
const KINDS = {
  50: { gain: 20, noise_nt: 30, ns: 1.87e6, uas: 8.8 },
  100: { gain: 38, noise_nt: 20, ns: 3.52e6, uas: 16.9 },
  200: { gain: 75, noise_nt: 15, ns: 6.8e6, uas: 32.5 },
};
const IDLE_UA = 1;
const RANGE_NT = 800000;

export class RM3100 extends I2cPart {
  /** wiring: {i2c, addr: 0x20 to 0x23, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring, { name: 'rm3100', addresses: ADDRESSES, around: FIELD }, options);
    this.measured = 0;
  }

  /* values: those of `field.mjs`, and of every I2C part. */

  restart() {
    this.alarm?.cancel();
    Object.assign(this, { measuring: false, ready: false, last: this.last ?? [0, 0, 0] });
    this.cycles = [0, 200, 0, 200, 0, 200];
  }

  draw() {
    return this.measuring ? ['measuring', (this.kind.uas * 1e9) / this.kind.ns] : ['idle', IDLE_UA];
  }

  /** {measurements, cycles}. */
  ledger() {
    return { measurements: this.measured, cycles: this.cycles[1] };
  }

  get kind() {
    return KINDS[this.cycles[1]] ?? KINDS[200];
  }

  readRegister(index) {
    if (index === STATUS) return this.ready ? READY : 0;
    if (index === REVISION) return 0x22;
    if (index >= CYCLES && index < CYCLES_END) return this.cycles[index - CYCLES];
    if (index < RESULT || index >= RESULT_END) return 0;
    if (!this.ready && index === RESULT) this.refuse('a result is read before it is ready');
    if (index === RESULT_END - 1) this.ready = false;
    const at = index - RESULT;
    return this.last[Math.floor(at / 3)] >> (16 - 8 * (at % 3));
  }

  writeRegister(index, byte) {
    if (index >= CYCLES && index < CYCLES_END) this.#count(index, byte);
    else if (index !== POLL) this.refuse(`register 0x${index.toString(16)} is not modelled for writing`);
    else if (byte !== 0x70) this.refuse(`POLL 0x${byte.toString(16)}: only all three axes, 0x70, are modelled`);
    else this.#poll();
  }

  #count(index, byte) {
    this.cycles[index - CYCLES] = byte;
    const whole = index === CYCLES_END - 1;
    if (whole && !KINDS[byte]) this.refuse(`cycle count ${byte}: 50, 100 and 200 are modelled`);
  }

  #poll() {
    Object.assign(this, { measuring: true, ready: false });
    this.show();
    this.alarm = this.host.at(this.host.now() + this.kind.ns, () => this.#finish());
  }

  #finish() {
    Object.assign(this, { measuring: false, ready: true });
    this.measured++;
    if (!this.get('stuck')) this.last = measuredField(this, this.kind.noise_nt).map((nt) => this.#counts(nt));
    this.show();
  }

  #counts(nt) {
    const within = Math.max(-RANGE_NT, Math.min(RANGE_NT, nt));
    return Math.round((within * this.kind.gain) / 1000) & 0xffffff;
  }
}
