/**
 * ST LIS3DH: accelerometer on I2C: low power at 10 Hz, data, two interrupt generators latched onto INT1.
 * Source: LIS3DH datasheet DocID17530 rev 2 (16 mg a digit in 8 bits at 2 g, 3 uA at 10 Hz, 0.5 uA powered down; not read again);
 * registers as in STMicroelectronics/lis3dh-pid, lis3dh_reg.h. Only the settings that a slow tilt sensor needs are modelled;
 * noise and drift are assumed.
 */

import { I2cPart } from '../i2c_part.mjs';
import { gauss } from '../random.mjs';

const [IDENTITY, CONTROL, STATUS, RESULT, TURNED, HIT] = [0x0f, 0x20, 0x27, 0x28, 0x30, 0x34];
const CTRL1 = 0x07; // after power: powered down, all axes
const PERIOD_NS = 1e8; // 10 Hz
const RATE_10_HZ = 2;
const LOW_POWER = 8;
const DRAW_UA = { measuring: 3, down: 0.5 };
const BOOT_NS = 5e6;
const G_MG = 1000;
const DIGIT_MG = 16;
const NOISE_MG = 8; // one standard deviation: assumed
const READY = 0x0f;
const ACTIVE = 0x40;

export class LIS3DH extends I2cPart {
  /** wiring: {i2c, addr: 0x18 or 0x19, pin_b: INT1}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    const around = { tilt_deg: 0, towards_deg: 0, offset_mg: 0, noise: 1, hits: 0, axis_dead: 'none' };
    super(host, wiring, { name: 'lis3dh', addresses: [0x18, 0x19], around, bootNs: BOOT_NS }, options);
    this.line = wiring.pin_b === undefined ? null : host.pin(wiring.pin_b);
    this.measured = 0;
    this.restart();
  }

  /**
   * values: tilt_deg (from upright, Z up; or a schedule), towards_deg (about Z, from X), offset_mg (on each axis: drift with
   * temperature and age), noise (times its own), hit_mg (once: a shock), axis_dead ("x", "y", "z", "none": it gives 0); and those of
   * every I2C part.
   */
  set({ hit_mg: hit = 0, ...values }) {
    super.set(values);
    if (hit) this.hit = hit;
  }

  restart() {
    this.alarm?.cancel();
    this.registers = new Uint8Array(0x40);
    this.registers[CONTROL] = CTRL1;
    Object.assign(this, { result: [0, 0, 0], status: 0, direction: null, sources: [0, 0], hit: 0, shock: 0, alarm: null });
    if (this.line) this.#drive();
  }

  draw() {
    return this.alarm ? ['measuring', DRAW_UA.measuring] : ['down', DRAW_UA.down];
  }

  /** {measurements, mg: the last result, line: the level of INT1}. */
  ledger() {
    return { measurements: this.measured, mg: this.result.map((raw) => raw >> 4), line: this.#level() };
  }

  readRegister(index) {
    const at = index & 0x7f;
    if (at === IDENTITY) return 0x33;
    if (at === STATUS) return this.status;
    if (at >= RESULT && at < RESULT + 6) {
      if (at === RESULT + 5) this.status = 0;
      return this.result[(at - RESULT) >> 1] >> (8 * (at & 1));
    }
    if (at === TURNED + 1 || at === HIT + 1) return this.#source(at === TURNED + 1 ? 0 : 1);
    return this.registers[at];
  }

  #source(which) {
    const found = this.sources[which];
    this.sources[which] = 0;
    this.#drive();
    return found;
  }

  writeRegister(index, byte) {
    const at = index & 0x7f;
    if (at < 0x1f || at > 0x3f || (at >= STATUS && at < 0x2e)) this.refuse(`register 0x${at.toString(16)} is read alone`);
    this.registers[at] = byte;
    if (at !== CONTROL) return;
    this.alarm?.cancel();
    this.alarm = null;
    const rate = byte >> 4;
    if (rate && (rate !== RATE_10_HZ || !(byte & LOW_POWER))) this.refuse('only 10 Hz in low power is modelled');
    else if (rate) this.#next();
    this.show();
  }

  #next() {
    this.alarm = this.host.at(this.host.now() + PERIOD_NS, () => this.#finish());
  }

  #finish() {
    if (!this.supply.on) return;
    this.measured++;
    if (!this.get('stuck') || this.measured === 1) this.result = this.#measure();
    this.status = READY;
    if (!this.get('brown') && !this.get('absent')) this.#interrupts();
    this.#next();
  }

  #measure() {
    const radians = (degrees) => (degrees * Math.PI) / 180;
    const [tilt, towards] = [radians(this.get('tilt_deg')), radians(this.get('towards_deg'))];
    const axes = [Math.sin(tilt) * Math.cos(towards), Math.sin(tilt) * Math.sin(towards), Math.cos(tilt)];
    const hit = this.hit;
    this.shock = hit;
    this.hit = 0;
    return axes.map((g, at) => {
      if ('xyz'[at] === this.get('axis_dead')) return 0;
      const mg = g * G_MG + this.get('offset_mg') + (at === 0 ? hit : 0) + this.get('noise') * NOISE_MG * gauss(() => this.host.random());
      return Math.max(-128, Math.min(127, Math.round(mg / DIGIT_MG))) << 8;
    });
  }

  /** Movement in 6 directions on the first generator; the second has the high-pass filter, so a shock alone. */
  #interrupts() {
    const threshold = this.registers[TURNED + 2] * DIGIT_MG;
    const mg = this.result.map((raw) => raw >> 4);
    const at = mg.findIndex((one) => Math.abs(one) > threshold);
    const found = at < 0 ? null : `${'xyz'[at]}${Math.sign(mg[at])}`;
    if (found && this.direction && found !== this.direction && this.registers[TURNED]) this.sources[0] = ACTIVE;
    if (found) this.direction = found;
    if (this.registers[HIT] && Math.abs(this.shock) > this.registers[HIT + 2] * DIGIT_MG) this.sources[1] = ACTIVE;
    this.#drive();
  }

  #level() {
    const [turned, hit] = this.sources;
    const routed = this.registers[CONTROL + 2];
    return (turned && routed & 0x40) || (hit && routed & 0x20) ? 1 : 0;
  }

  #drive() {
    this.line?.drive(this.#level());
  }
}
