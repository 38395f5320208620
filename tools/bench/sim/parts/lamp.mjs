/**
 * The lamp: an LED driver with a PWM dimming input, measured at that pin. Its light follows the duty; its energy is
 * counted with P = standby + (rated - standby) * duty.
 * Source: Mean Well LDD-H specification (dimming input 100 Hz to 1 kHz); power line: `P(L)` with exponent 1 is usual for
 * LED luminaires, 0.5 to 1.5 W standby (no measurement of ours).
 */

const HZ = [100, 1000];
const TOLERANCE = 1.01;
const CHANGES = 20000;

export class Lamp {
  static BUS = 'pwm';

  /** wiring: {pin}. options: {rated_w, standby_w}. */
  constructor(host, wiring, options = {}) {
    this.host = host;
    this.power = { rated_w: 30, standby_w: 0.8 };
    this.set(options);
    this.pin = host.pin(wiring.pin);
    Object.assign(this, { powered: false, duty: 0, hz: 0, since: 0, joules: 0, lightSeconds: 0, changed: 0, changes: [] });
    this.pin.onDuty((duty, hz, ns) => this.#changed(duty, hz, ns));
  }

  /** values: {rated_w, standby_w}. Raises Error for another name. */
  set(values) {
    for (const [name, value] of Object.entries(values)) {
      if (!(name in this.power)) throw new Error(`lamp has no "${name}"; it has ${Object.keys(this.power).join(', ')}`);
      if (this.pin) this.#settle(this.host.now());
      this.power[name] = value;
    }
  }

  reset() {
    Object.assign(this, { powered: true, duty: 0, hz: 0, since: this.host.now() });
  }

  off() {
    this.#changed(0, 0, this.host.now());
    this.powered = false;
  }

  /** {duty 0..1, frequency_hz, energy_wh, full_load_s (seconds at full light that would give as much light), changes: count}. */
  ledger() {
    if (this.powered) this.#settle(this.host.now());
    const { duty, hz, joules, lightSeconds, changed } = this;
    return { duty, frequency_hz: hz, energy_wh: joules / 3600, full_load_s: lightSeconds, changes: changed };
  }

  /** {changes: [[ns, duty, hz], ...]} since the last call, at most 20 000. */
  drain() {
    const { changes } = this;
    this.changes = [];
    return { changes };
  }

  #settle(ns) {
    const seconds = this.powered ? (ns - this.since) / 1e9 : 0;
    const { rated_w: rated, standby_w: standby } = this.power;
    this.joules += seconds * (standby + (rated - standby) * this.duty);
    this.lightSeconds += seconds * this.duty;
    this.since = ns;
  }

  #changed(measured, hz, ns) {
    const duty = Math.round(measured * 1e6) / 1e6;
    if (!this.powered || (duty === this.duty && hz === this.hz)) return;
    this.#settle(ns);
    const dimmed = duty > 0 && duty < 1;
    const wrong = dimmed && (hz < HZ[0] / TOLERANCE || hz > HZ[1] * TOLERANCE);
    if (wrong && hz !== this.hz)
      this.host.refuse(`lamp: dimmed at ${Math.round(hz)} Hz, its driver takes ${HZ[0]} to ${HZ[1]} Hz`);
    Object.assign(this, { duty, hz });
    this.changed++;
    this.changes.push([ns, duty, hz]);
    if (this.changes.length > CHANGES) this.changes.shift();
  }
}
