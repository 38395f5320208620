/**
 * Two through-beam light barriers one behind the other, NPN open collector, light-on: an output is low while its receiver has light,
 * else open, and the board's pull-up makes it high. People are two legs each, at their own speed.
 * Source: OMRON E3Z, E3Z-T61: 35 mA a pair, response 1 ms, 100 ms from power to the first sure level, as E3ZS-T81A's page has them.
 * Legs, glare and what turns round are assumed.
 */

import { Supplied } from '../supply.mjs';
import { Surroundings } from '../surroundings.mjs';

const DRAW_UA = 35000; // a pair of emitter and receiver
const START_NS = 100e6;
const RESPONSE_NS = 1e6;
const GAP_MM = 300;
/** [where it begins behind the front of a person, how thick it is], mm. */
const LEGS_MM = [
  [0, 130],
  [220, 130],
];
const GLARE_NS = 4e6; // how long a glint of low sun or of water hides that a beam is broken, or a shadow breaks it

export class BEAM_PAIR extends Supplied {
  static BUS = 'pin';

  /** wiring: {pin: the outer beam, pin_b: the inner one, gap_mm: 300, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring);
    this.outputs = [host.pin(wiring.pin), host.pin(wiring.pin_b)];
    this.gapMm = wiring.gap_mm ?? GAP_MM;
    this.around = new Surroundings('beam_pair', { absent: false, brown: false, blocked: 'none', silent: 'none', glare_per_s: 0 });
    Object.assign(this, { covered: [0, 0], alarms: new Set(), passed: [0, 0], breaks: [0, 0], lit: [false, false] });
    this.set(options);
  }

  /**
   * values: walks ([[t_us, mm/s, "in" | "out" | "turn"], ...]: a person from the outer beam inwards, the other way, or back out from
   * between the beams), absent (the cable is out: open), brown (the emitters are too dim: both open), blocked and silent ("none",
   * "outer", "inner", "both": something stands in the beam; the receiver sees light all the time), glare_per_s (glints).
   */
  set({ walks, ...values }) {
    this.around.set(values);
    for (const [us, mmPerS, way] of walks ?? []) this.host.at(us * 1e3, () => this.#walk(mmPerS, way));
    if ('glare_per_s' in values) this.#glare();
    const steps = Object.values(values).filter(Array.isArray).flat();
    for (const [us] of steps) this.host.at(us * 1e3, () => this.#showBoth());
    this.#showBoth();
  }

  #showBoth() {
    for (const beam of [0, 1]) this.#show(beam);
  }

  reset() {
    super.reset();
    if (this.around.get('glare_per_s', this.host.now())) this.#glare();
  }

  supplied(came) {
    if (came) {
      this.since = this.host.now();
      this.host.at(this.since + START_NS, () => this.#showBoth());
    }
    this.host.current('beam_pair', this.supply.on ? 'on' : 'off', this.supply.on ? 2 * DRAW_UA : 0);
    this.#showBoth();
  }

  /** {inbound, outbound: people who passed while it had power, breaks: rising edges of each output}. */
  ledger() {
    return { inbound: this.passed[0], outbound: this.passed[1], breaks: [...this.breaks] };
  }

  #walk(mmPerS, way) {
    const first = way === 'out' ? 1 : 0;
    const toOther = (this.gapMm / mmPerS) * 1e9;
    for (const [offset, thick] of LEGS_MM) {
      const begins = (offset / mmPerS) * 1e9;
      const lasts = (thick / mmPerS) * 1e9;
      this.#cover(first, begins, lasts);
      this.#cover(way === 'turn' ? 0 : 1 - first, begins + (way === 'turn' ? 2 : 1) * toOther, lasts);
    }
    if (way !== 'turn' && this.supply.on) this.passed[first]++;
  }

  #cover(beam, afterNs, lastsNs) {
    const now = this.host.now();
    this.host.at(now + afterNs + RESPONSE_NS, () => this.#change(beam, 1));
    this.host.at(now + afterNs + lastsNs + RESPONSE_NS, () => this.#change(beam, -1));
  }

  #change(beam, by) {
    this.covered[beam] += by;
    this.#show(beam);
  }

  /** Glints come at random, one alarm at a time. */
  #glare() {
    const rate = this.around.get('glare_per_s', this.host.now());
    this.glint?.cancel();
    if (!rate || !this.supply.on) return;
    const wait = (-Math.log(1 - this.host.random()) / rate) * 1e9;
    this.glint = this.host.at(this.host.now() + wait, () => {
      this.#cover(this.host.random() < 0.5 ? 0 : 1, 0, GLARE_NS);
      this.#glare();
    });
  }

  #is(value, beam) {
    return [beam === 0 ? 'outer' : 'inner', 'both'].includes(this.around.get(value, this.host.now()));
  }

  /** Does the output conduct? */
  #light(beam) {
    const now = this.host.now();
    if (!this.supply.on || now - this.since < START_NS) return false;
    if (this.around.get('absent', now) || this.around.get('brown', now)) return false;
    return this.#is('silent', beam) || !(this.covered[beam] || this.#is('blocked', beam));
  }

  #show(beam) {
    const light = this.#light(beam);
    if (this.lit[beam] && !light) this.breaks[beam]++;
    this.lit[beam] = light;
    this.outputs[beam].drive(light ? 0 : null);
  }
}
