/**
 * Hi-Link LD2410: 24 GHz presence radar: a report each 100 ms at 256000 baud, OUT high while it sees somebody and 5 s longer.
 * Source: HLK-LD2410 serial communication protocol V1.02 (report; as in ESPHome, ld2410.cpp), manual: 79 mA, 5 s until it is quiet (not
 * read again). Its start and what energies a target has are assumed.
 */

import { garble } from '../garble.mjs';
import { Supplied } from '../supply.mjs';
import { Surroundings } from '../surroundings.mjs';

const BAUD = 256000;
const PERIOD_NS = 100e6;
const START_NS = 1.5e9; // assumed
const HOLD_NS = 5e9;
const DRAW_UA = 79000;
const [HEAD, END] = [[0xf4, 0xf3, 0xf2, 0xf1], [0xf8, 0xf7, 0xf6, 0xf5]];
const STATES = ['none', 'moving', 'still', 'both'];

export class LD2410 extends Supplied {
  static BUS = 'uart';

  /** wiring: {uart, tx, rx, pin_b: OUT, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring);
    Object.assign(this, { alarm: null, reports: 0, lastNs: -Infinity, level: 0, held: null });
    this.uart = host.uart(wiring.uart);
    this.out = wiring.pin_b === undefined ? null : host.pin(wiring.pin_b);
    this.around = new Surroundings('ld2410', {
      target: 'none', distance_cm: 180, false_alarms: 0, garbled: 0, stuck: false, absent: false, brown: false,
    }); // prettier-ignore
    this.around.set(options);
    this.uart.onByte((byte) => host.refuse(`LD2410: its configuration is not modelled, 0x${byte.toString(16)} came`));
    this.uart.onOpen(() => this.supplied());
  }

  /**
   * values: target (none, moving, still, both; or a schedule), distance_cm, false_alarms (share of the reports that see somebody who
   * is not there: rain, leaves), garbled (share of the reports with a wrong bit), stuck (the last report again and again), absent
   * (unplugged), brown (the supply sags: silent, OUT low).
   */
  set(values) {
    this.around.set(values);
  }

  /** {reports: sent, out: level of OUT}. */
  ledger() {
    return { reports: this.reports, out: this.level };
  }

  #get(name) {
    return this.around.get(name, this.host.now());
  }

  #silent() {
    return !this.supply.on || this.#get('absent') || this.#get('brown');
  }

  supplied() {
    this.alarm?.cancel();
    this.alarm = null;
    this.host.current('ld2410', this.supply.on ? 'on' : 'off', this.supply.on ? DRAW_UA : 0);
    if (!this.supply.on) return this.#drive(0);
    this.alarm = this.host.at(Math.max(this.supply.since + START_NS, this.host.now() + PERIOD_NS), () => this.#turn());
  }

  #turn() {
    this.alarm = this.host.at(this.host.now() + PERIOD_NS, () => this.#turn());
    if (this.#silent()) return this.#drive(0);
    if (this.held === null || !this.#get('stuck')) this.held = this.#seen();
    if (this.held) this.lastNs = this.host.now();
    this.#drive(this.host.now() - this.lastNs < HOLD_NS ? 1 : 0);
    if (this.uart.open()) this.#report();
  }

  #seen() {
    const state = STATES.indexOf(this.#get('target') ?? 'none');
    return state || (this.host.random() < this.#get('false_alarms') ? 1 : 0);
  }

  #report() {
    const state = this.held;
    const [low, high] = [this.#get('distance_cm') & 255, this.#get('distance_cm') >> 8];
    const moving = state & 1 ? [low, high, 60] : [0, 0, 0];
    const still = state & 2 ? [low, high, 55] : [0, 0, 0];
    const inner = [0x02, 0xaa, state, ...moving, ...still, ...(state ? [low, high] : [0, 0]), 0x55, 0x00];
    const frame = [...HEAD, inner.length, 0, ...inner, ...END];
    garble(frame, this.#get('garbled'), () => this.host.random());
    this.reports++;
    this.uart.send(frame, BAUD);
  }

  #drive(level) {
    if (level === this.level) return;
    this.level = level;
    this.out?.drive(level);
  }
}
