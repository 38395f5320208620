/**
 * MaxBotix HRXL-MaxSonar-WR (MB7380, TTL): ranges by itself 7.5 times a second, whatever of its outputs is read.
 * Source: HRXL-MaxSonar-WR datasheet PD11500 (cycle of 133 ms, 300 to 5000 mm, nearer is 300, no target 5000; it knows the air's
 * temperature). Start of 50 ms: MaxSonar-WRS PD12593. Current of 2.3 mA at 3.3 V is its usual value, not read again; noise: assumed.
 */

import { Echo } from './echo.mjs';
import { Supplied } from './supply.mjs';

const [NEAR_MM, FAR_MM] = [300, 5000];
const NOISE_MM = 1;
const CYCLE_NS = 133e6;
const START_NS = 50e6;
const DRAW_UA = 2300;

export class HrxlWr extends Supplied {
  /** name: of the part. told(mm): at the end of each cycle; values: {value: default} of the part's own. */
  constructor(host, wiring, name, told, values, options) {
    super(host, wiring);
    Object.assign(this, { name, told, readings: 0, alarm: null });
    this.echo = new Echo(host, { name, near: NEAR_MM, far: FAR_MM, noise: NOISE_MM, more: values });
    this.set(options);
  }

  /** values: those of `echo.mjs`, and of the part. */
  set(values) {
    this.echo.around.set(values);
    this.#show();
  }

  /** {readings}. */
  ledger() {
    return { readings: this.readings };
  }

  #show() {
    const on = this.supply.on && !this.echo.get('absent');
    this.host.current(this.name, on ? 'ranging' : 'off', on ? DRAW_UA : 0);
  }

  supplied() {
    this.alarm?.cancel();
    this.#show();
    if (this.supply.on) this.#next(START_NS);
  }

  #next(more = 0) {
    this.alarm = this.host.at(this.host.now() + more + CYCLE_NS, () => {
      this.#next();
      if (this.echo.get('absent') || this.echo.get('brown')) return;
      this.readings++;
      this.told(Math.max(NEAR_MM, this.echo.ping() ?? FAR_MM));
    });
  }
}
