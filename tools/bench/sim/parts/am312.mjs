/**
 * AM312: passive infrared motion sensor, one output pin. High for 2.3 s after a motion, longer while motion goes on
 * (it retriggers), restless while it warms up.
 * Source: AM312 product page (hold 2.3 s, 15 uA, warm-up 30 to 60 s); what it does while warming up is assumed.
 */

import { Surroundings } from '../surroundings.mjs';

const HOLD_NS = 2.3e9;
const WARM_NS = 30e9;
const RESTLESS_NS = [1.5e9, 9e9]; // after power: pulses that mean nothing
const DRAW_UA = 15;

export class AM312 {
  static BUS = 'pin';

  /** wiring: {pin}. options: as `set`, and warm: true = it had power long before. */
  constructor(host, wiring, { warm = false, ...options } = {}) {
    this.host = host;
    this.pin = host.pin(wiring.pin);
    this.warm = warm;
    this.around = new Surroundings('am312', { motion: false, absent: false });
    this.steps = null;
    Object.assign(this, { powered: false, high: false, fall: null, next: null, motions: 0, pulses: 0, step: 0 });
    this.set(options);
  }

  /**
   * values: motion (true: a person moves now; schedule [[t_us, true], ...]: one passage each; false: none),
   * absent (output floats).
   */
  set(values) {
    this.around.set(values);
    if (Array.isArray(values.motion)) Object.assign(this, { steps: values.motion.filter(([, on]) => on), step: 0 });
    else if ('motion' in values) this.steps = null;
    if (!this.powered) return;
    if (this.#absent()) this.#silence();
    else if (values.motion === true) this.#moved();
    this.#plan();
  }

  reset() {
    this.powered = true;
    this.since = this.host.now();
    this.host.current('am312', 'on', DRAW_UA);
    if (this.#absent()) return;
    this.#output(false);
    if (!this.warm) for (const ns of RESTLESS_NS) this.host.at(this.since + ns, () => this.#restless(this.since));
    this.#plan();
  }

  off() {
    this.powered = false;
    this.#silence();
    this.host.current('am312', 'off', 0);
  }

  /** {motions: seen when warm, pulses: rising edges of the output, high}. */
  ledger() {
    return { motions: this.motions, pulses: this.pulses, high: this.high };
  }

  #absent() {
    return this.around.get('absent', this.host.now());
  }

  #silence() {
    this.fall?.cancel();
    this.next?.cancel();
    this.high = false;
    this.pin.drive(null);
  }

  /** One alarm for the next passage, none when there is no further passage. */
  #plan() {
    this.next?.cancel();
    if (!this.steps || this.#absent()) return;
    while (this.step < this.steps.length && this.steps[this.step][0] * 1e3 < this.host.now()) this.step++;
    if (this.step >= this.steps.length) return;
    this.next = this.host.at(this.steps[this.step++][0] * 1e3, () => {
      this.#moved();
      this.#plan();
    });
  }

  #restless(since) {
    if (this.powered && this.since === since && !this.#absent()) this.#pulse();
  }

  #moved() {
    if (!this.warm && this.host.now() - this.since < WARM_NS) return;
    this.motions++;
    this.#pulse();
  }

  #pulse() {
    if (!this.high) {
      this.pulses++;
      this.#output(true);
    }
    this.fall?.cancel();
    this.fall = this.host.at(this.host.now() + HOLD_NS, () => this.#output(false));
  }

  #output(high) {
    this.high = high;
    this.pin.drive(high ? 1 : 0);
  }
}
