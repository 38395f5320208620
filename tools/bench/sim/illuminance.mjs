/** The light on a sensor, as it measures it: with noise, and a drift with its temperature. */

import { gauss } from './random.mjs';

const ROOM_C = 25;

/** Values of `set`: lux (number or schedule), noise (times its own), temperature_c. */
export const ILLUMINANCE = { lux: 100, noise: 1, temperature_c: ROOM_C };

/** lx that this part finds now. noise: one standard deviation, drift: a degree; both as shares. */
export function measuredLux(part, noise, drift) {
  const drifted = part.get('lux') * (1 + drift * (part.get('temperature_c') - ROOM_C));
  return Math.max(0, drifted * (1 + part.get('noise') * noise * gauss(() => part.host.random())));
}
