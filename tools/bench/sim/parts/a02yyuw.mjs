/**
 * DFRobot A02YYUW: waterproof ultrasonic ranger on a serial line, 30 to 4500 mm, resolution 1 mm.
 * Frame FF H L SUM at 9600 8N1; its RX pin high or open: a processed value every 100 to 300 ms, low: every value, 100 ms.
 * Source: DFRobot wiki SEN0311. Noise and its output beyond the range are assumed (values from field reports vary).
 */

import { gauss } from '../random.mjs';
import { Supplied } from '../supply.mjs';
import { Surroundings } from '../surroundings.mjs';

const BAUD = 9600;
const BYTE_NS = 1e10 / BAUD;
const NEAR_MM = 30;
const FAR_MM = 4500;
const FAST_NS = 100e6;
const SLOWEST_NS = 300e6;
const NOISE_MM = { processed: 1.2, raw: 3 };
const ECHO_SHARE = 0.4; // of the pings that an obstacle in the beam takes
const DRAW_UA = 8000;
const START_NS = 500e6; // from power to the first frame: assumed, its page does not say

export class A02YYUW extends Supplied {
  static BUS = 'uart';

  /** wiring: {uart, tx, rx, power: a GPIO that switches its supply, high: on; without one it always has it}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring);
    this.uart = host.uart(wiring.uart);
    this.mode = host.pin(wiring.tx);
    this.around = new Surroundings('a02yyuw', { distance_mm: 1200, absent: false, stuck: false, obstructed_mm: null });
    this.around.set(options);
    Object.assign(this, { alarm: null, frames: 0, last: 0 });
    this.uart.onByte(() =>
      host.refuse('A02YYUW: it takes no data; its RX pin only chooses processed (high) or real-time (low) values'),
    );
    this.uart.onOpen(() => this.#schedule());
  }

  /**
   * values: distance_mm (null or out of range: no echo), absent, stuck (the last value again and again),
   * obstructed_mm (something near takes part of the pings; null: nothing there).
   */
  set(values) {
    this.around.set(values);
  }

  /** {frames: sent, last_mm}. */
  ledger() {
    return { frames: this.frames, last_mm: this.last };
  }

  supplied() {
    this.host.current('a02yyuw', this.supply.on ? 'measuring' : 'off', this.supply.on ? DRAW_UA : 0);
    this.#schedule();
  }

  /** Frames are computed only while the port is open; the first one begins at a random place of the period. */
  #schedule() {
    this.alarm?.cancel();
    if (!this.supply.on || !this.uart.open()) return;
    const ready = this.supply.since + START_NS;
    if (ready > this.host.now()) {
      this.alarm = this.host.at(ready, () => this.#turn());
      return;
    }
    const into = this.host.random() * (FAST_NS + 4 * BYTE_NS) - 4 * BYTE_NS;
    if (into < 0) this.#send(Math.ceil(-into / BYTE_NS));
    this.alarm = this.host.at(this.host.now() + Math.max(into, 0), () => this.#turn());
  }

  #turn() {
    if (!this.uart.open()) return;
    this.#send(0);
    const slack = this.#processed() ? this.host.random() * (SLOWEST_NS - FAST_NS) : 0;
    this.alarm = this.host.at(this.host.now() + FAST_NS + slack, () => this.#turn());
  }

  #processed() {
    return this.mode.read() === 1;
  }

  /** Sends a frame without its first `skip` bytes: whoever opens the port inside a frame gets its tail. */
  #send(skip) {
    const now = this.host.now();
    if (this.around.get('absent', now)) return;
    if (!this.around.get('stuck', now)) this.last = this.#measure(now);
    const [high, low] = [this.last >> 8, this.last & 255];
    this.frames++;
    this.uart.send([0xff, high, low, (0xff + high + low) & 255].slice(skip), BAUD);
  }

  #measure(now) {
    const obstacle = this.around.get('obstructed_mm', now);
    const hit = obstacle !== null && this.host.random() < ECHO_SHARE;
    const distance = hit ? obstacle : this.around.get('distance_mm', now);
    if (distance === null || distance > FAR_MM) return 0; // no echo
    const noise = NOISE_MM[this.#processed() ? 'processed' : 'raw'] * gauss(() => this.host.random());
    const measured = Math.round(distance + noise);
    return measured < NEAR_MM ? Math.floor(this.host.random() * NEAR_MM) : Math.min(measured, FAR_MM); // blind zone: nonsense
  }
}
