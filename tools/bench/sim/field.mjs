/** The magnetic field around a sensor of three axes, as it measures it: with noise, and a drift with its temperature. */

import { gauss } from './random.mjs';

const ROOM_C = 20;
const AXES = ['x_nt', 'y_nt', 'z_nt'];

/** Values of `set`: x_nt, y_nt, z_nt, noise (times its own), temperature_c, drift_nt_per_c (an axis). */
export const FIELD = { x_nt: 20000, y_nt: 0, z_nt: 40000, noise: 1, temperature_c: ROOM_C, drift_nt_per_c: 0 };

/** nT of x, y and z that this part finds now. noiseNt: one standard deviation. */
export function measuredField(part, noiseNt) {
  const drift = ((part.get('temperature_c') ?? ROOM_C) - ROOM_C) * part.get('drift_nt_per_c');
  const noise = () => part.get('noise') * noiseNt * gauss(() => part.host.random());
  return AXES.map((axis) => (part.get(axis) ?? 0) + drift + noise());
}
