/**
 * JSN-SR04T in its serial modes: 2 (47 kOhm) sends a frame each 100 ms, 3 (120 kOhm) answers 0x55. FF H L SUM, 9600 8N1.
 * Source: JSN-SR04T output modes (scribd 476981234); sheet of version 2.0: 5 mA at rest, 30 mA, blind below 250 mm, 4.5 m. Its start,
 * its noise, 0 for no echo and what it says in the blind zone are assumed.
 */

import { Echo } from '../echo.mjs';
import { garble } from '../garble.mjs';
import { Supplied } from '../supply.mjs';

const BAUD = 9600;
const [NEAR_MM, FAR_MM] = [250, 4500];
const NOISE_MM = 3;
const PERIOD_NS = 100e6;
const START_NS = 300e6;
const TRIGGER = 0x55;
const LISTENS_NS = 60e6; // until it gives up
const NS_PER_MM = 2e6 / 340; // there and back
const DRAW_UA = { off: 0, resting: 5000, ranging: 30000 };

export class JSN_SR04T extends Supplied {
  static BUS = 'uart';

  /** wiring: {uart, tx, rx, power, mode: 2 or 3}. options: as `set`. */
  constructor(host, wiring, { mode = 3, ...options } = {}) {
    if (mode !== 2 && mode !== 3) throw new Error(`jsn_sr04t in mode ${mode}: 2 sends by itself, 3 on 0x55; the others have no serial line`);
    super(host, wiring);
    Object.assign(this, { mode, frames: 0, alarm: null, next: null });
    this.uart = host.uart(wiring.uart);
    const more = { garbled: 0 };
    this.echo = new Echo(host, { name: 'jsn_sr04t', near: NEAR_MM, far: FAR_MM, noise: NOISE_MM, sound: 340, more });
    this.uart.onByte((byte) => this.#asked(byte));
    this.set(options);
  }

  /** values: those of `echo.mjs`, and garbled (share of the frames with a wrong bit). */
  set(values) {
    this.echo.around.set(values);
    this.#show();
  }

  /** {frames}: sent. */
  ledger() {
    return { frames: this.frames };
  }

  supplied() {
    this.alarm?.cancel();
    this.next?.cancel();
    this.alarm = this.next = null;
    this.#show();
    if (this.supply.on && this.mode === 2) this.next = this.host.at(Math.max(this.#ready(), this.host.now()), () => this.#turn());
  }

  #ready() {
    return this.supply.since + START_NS;
  }

  #show(ranging = false) {
    const state = !this.supply.on || this.echo.get('absent') ? 'off' : ranging ? 'ranging' : 'resting';
    this.host.current('jsn_sr04t', state, DRAW_UA[state]);
  }

  #turn() {
    this.#range();
    this.next = this.host.at(this.host.now() + PERIOD_NS, () => this.#turn());
  }

  #asked(byte) {
    if (this.mode === 2 || !this.supply.on || this.echo.get('absent') || this.host.now() < this.#ready()) return;
    if (byte !== TRIGGER) this.host.refuse(`JSN-SR04T: it takes 0x55 alone, not 0x${byte.toString(16)}`);
    else if (this.alarm) this.host.refuse('JSN-SR04T: it is asked again before it has answered');
    else this.#range();
  }

  #range() {
    if (this.echo.get('absent')) return;
    this.#show(true);
    const mm = this.echo.ping();
    const ns = mm === null ? LISTENS_NS : mm * NS_PER_MM;
    this.alarm = this.host.at(this.host.now() + ns, () => this.#answer(mm ?? 0));
  }

  #answer(measured) {
    this.alarm = null;
    this.#show();
    if (this.echo.get('brown') || !this.uart.open()) return;
    const mm = measured && measured < NEAR_MM ? Math.floor(this.host.random() * NEAR_MM) : measured;
    const frame = [0xff, mm >> 8, mm & 255, (0xff + (mm >> 8) + (mm & 255)) & 255];
    garble(frame, this.echo.get('garbled'), () => this.host.random());
    this.frames++;
    this.uart.send(frame, BAUD);
  }
}
