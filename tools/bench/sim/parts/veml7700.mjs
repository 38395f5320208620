/**
 * Vishay VEML7700: ambient light sensor on I2C, whose counts are not linear above 1000 lx.
 * Source: datasheet 84286 (registers, currents, 16 bits); application note 84323 (resolution, and the correction that is inverted here).
 * Noise and drift with temperature are assumed.
 */

import { I2cWords } from '../i2c_words.mjs';
import { ILLUMINANCE, measuredLux } from '../illuminance.mjs';

const [CONFIG, LIGHT, WHITE, IDENTITY] = [0x00, 0x04, 0x05, 0x07];
const GAINS = [1, 2, 1 / 8, 1 / 4];
const TIMES_MS = { 0b1100: 25, 0b1000: 50, 0b0000: 100, 0b0001: 200, 0b0010: 400, 0b0011: 800 };
const OFF = 1;
const RESERVED = 0xe40c;
const LUX_PER_COUNT = 0.0672; // at gain 1 and 100 ms
const LINEAR_LUX = 1000;
const FULL = 65535;
const START_NS = 2.5e6;
const DRAW_UA = { on: 45, down: 0.5 };
const NOISE = 0.003;
const DRIFT = 0.0005; // a degree

const corrected = (x) => (((6.0135e-13 * x - 9.3924e-9) * x + 8.1488e-5) * x + 1.0023) * x;

/** What its counts stand for before the correction, at a light of so many lx. */
export function uncorrected(lux) {
  if (lux <= LINEAR_LUX) return lux;
  let [low, high] = [0, 60000];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (corrected(middle) < lux) low = middle;
    else high = middle;
  }
  return high;
}

export class VEML7700 extends I2cWords {
  /** wiring: {i2c, addr: 0x10, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring, { name: 'veml7700', addresses: [0x10], around: ILLUMINANCE, lowFirst: true }, options);
    this.measured = 0;
  }

  /* values: those of `illuminance.mjs`, and of every I2C part. */

  restart() {
    this.alarm?.cancel();
    Object.assign(this, { alarm: null, config: OFF, light: 0, half: null });
  }

  draw() {
    return this.config & OFF ? ['down', DRAW_UA.down] : ['on', DRAW_UA.on];
  }

  /** {measurements, on}. */
  ledger() {
    return { measurements: this.measured, on: !(this.config & OFF) };
  }

  readWord(register) {
    if (register === CONFIG) return this.config;
    if (register === LIGHT) return this.light;
    if (register === WHITE) return Math.min(FULL, 2 * this.light);
    if (register === IDENTITY) return 0xc481;
    this.refuse(`the model has no register 0x${register.toString(16)}`);
    return 0;
  }

  writeWord(register, word) {
    if (register !== CONFIG) return this.refuse(`the model has no register 0x${register.toString(16)} to write`);
    const ms = TIMES_MS[(word >> 6) & 15];
    if (word & RESERVED || ms === undefined) return this.refuse(`configuration 0x${word.toString(16)} is none of its datasheet`);
    if (!(this.config & OFF) && !(word & OFF) && word !== this.config) this.refuse('gain and time change while it is shut down');
    this.config = word;
    this.alarm?.cancel();
    if (!(word & OFF)) this.#measure(START_NS);
    this.show();
  }

  /** Counts of one integration are there at its end, again and again. */
  #measure(start = 0) {
    const ns = TIMES_MS[(this.config >> 6) & 15] * 1e6;
    this.alarm = this.host.at(this.host.now() + start + ns, () => {
      this.measured++;
      if (this.measured === 1 || !this.get('stuck')) this.light = this.#counts(ns / 1e8);
      this.#measure();
    });
  }

  #counts(hundreds) {
    const lux = measuredLux(this, NOISE, DRIFT);
    const gain = GAINS[(this.config >> 11) & 3];
    return Math.min(FULL, Math.floor((uncorrected(lux) * gain * hundreds) / LUX_PER_COUNT));
  }
}
