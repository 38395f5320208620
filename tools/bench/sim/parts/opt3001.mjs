/**
 * TI OPT3001: ambient light sensor on I2C that ranges by itself.
 * Source: OPT3001 datasheet SBOS681C (registers, ranges, times, currents: the full-scale ones). That the range takes 10 ms and noise are
 * assumed to be so; drift with temperature: 0.01 % a degree.
 */

import { I2cWords } from '../i2c_words.mjs';
import { ILLUMINANCE, measuredLux } from '../illuminance.mjs';

const [RESULT, CONFIG, MAKER, DEVICE] = [0x00, 0x01, 0x7e, 0x7f];
const RESET_CONFIG = 0xc810;
const AUTOMATIC = 0xc;
const [OVERFLOW, READY] = [0x0100, 0x0080];
const WRITABLE = 0xfe1f; // all but the flags
const [SHORT_NS, LONG_NS, RANGE_NS] = [100e6, 800e6, 10e6];
const TOLERANCE = 0.1; // of the integration time
const [LSB_LUX, FULL, HIGHEST_RANGE] = [0.01, 4095, 11];
const DRAW_UA = { measuring: 3.7, down: 0.4 };
const NOISE = 0.002;
const DRIFT = 0.0001; // a degree

export class OPT3001 extends I2cWords {
  /** wiring: {i2c, addr: 0x44 to 0x47, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring, { name: 'opt3001', addresses: [0x44, 0x45, 0x46, 0x47], around: ILLUMINANCE, lowFirst: false }, options);
    this.pace = 1 + TOLERANCE * (2 * host.random() - 1);
    this.measured = 0;
  }

  /* values: those of `illuminance.mjs`, and of every I2C part. */

  restart() {
    this.alarm?.cancel();
    Object.assign(this, { alarm: null, config: RESET_CONFIG, result: 0, half: null });
  }

  draw() {
    return this.alarm ? ['measuring', DRAW_UA.measuring] : ['down', DRAW_UA.down];
  }

  /** {measurements, measuring}. */
  ledger() {
    return { measurements: this.measured, measuring: this.alarm !== null };
  }

  readWord(register) {
    if (register === RESULT) return this.result;
    if (register === MAKER) return 0x5449;
    if (register === DEVICE) return 0x3001;
    if (register !== CONFIG) this.refuse(`the model has no register 0x${register.toString(16)}`);
    const { config } = this;
    this.config &= ~READY;
    return register === CONFIG ? config : 0;
  }

  writeWord(register, word) {
    if (register !== CONFIG) return this.refuse(`register 0x${register.toString(16)} is not written here`);
    if (word >> 12 > AUTOMATIC) this.refuse(`range ${word >> 12} is reserved`);
    this.config = word & WRITABLE;
    this.alarm?.cancel();
    this.alarm = null;
    if ((word >> 9) & 3) this.#measure();
    this.show();
  }

  #measure() {
    const automatic = this.config >> 12 === AUTOMATIC;
    const ns = (this.config & 0x0800 ? LONG_NS : SHORT_NS) * this.pace + (automatic ? RANGE_NS : 0);
    this.alarm = this.host.at(this.host.now() + ns, () => this.#finish());
  }

  #finish() {
    this.measured++;
    const lux = measuredLux(this, NOISE, DRIFT);
    if (this.measured === 1 || !this.get('stuck')) this.#show(lux / LSB_LUX);
    this.config |= READY;
    this.alarm = null;
    if ((this.config >> 9) & 2) this.#measure();
    else this.config &= ~0x0600;
    this.show();
  }

  #show(counts) {
    const range = this.config >> 12;
    let exponent = range === AUTOMATIC ? 0 : range;
    while (range === AUTOMATIC && exponent < HIGHEST_RANGE && counts / 2 ** exponent > FULL) exponent++;
    const mantissa = Math.min(FULL, Math.floor(counts / 2 ** exponent));
    this.result = (exponent << 12) | mantissa;
    this.config = mantissa === FULL ? this.config | OVERFLOW : this.config & ~OVERFLOW;
  }
}
