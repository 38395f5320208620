/** How strong a signal arrives, how much noise it meets, and what a demodulator can still receive. */

import { normal } from '../random.mjs';

// Loss at 1 km, exponent and shadowing measured with LoRa at 868 MHz from a car in Oulu.
// Source: Petäjäjärvi et al., "On the coverage of LPWANs", ITST 2015, table II.
const LOSS_1KM_DB = 128.95;
const EXPONENT = 2.32;
const SHADOW_DB = 7.8;
const SHADOW_LIMIT = 2; // standard deviations: a network operator would move a radio gateway rather than live with more
const NEAREST_KM = 0.001;

/** SNR (dB) below which a spreading factor is not demodulated. Source: SX1261/2 datasheet, table 6-1. */
export const SNR_LIMIT_DB = { 5: -2.5, 6: -5, 7: -7.5, 8: -10, 9: -12.5, 10: -15, 11: -17.5, 12: -20 };

/** Own power must exceed another of the same spreading factor by this. Source: Goursaud and Gorce 2015. */
export const CAPTURE_DB = 6;

/** Another spreading factor disturbs only above this. Source: Croce et al., IEEE Comm. Letters 2018 (mean of SF pairs). */
export const OTHER_SF_DB = -16;

/** Thermal noise in dBm for a bandwidth and a noise figure (dB); kT at 290 K is -174 dBm/Hz. */
export const noiseDbm = (bandwidthHz, figureDb) => -174 + 10 * Math.log10(bandwidthHz) + figureDb;

/** dBm values added as powers. */
export const sumDbm = (values) => 10 * Math.log10(values.reduce((mw, dbm) => mw + 10 ** (dbm / 10), 0));

/** Loss in dB between two places [x, y] in metres; the same both ways, its shadow fixed by seed and names. */
export function pathLossDb(seed, a, b) {
  const km = Math.hypot(a.position[0] - b.position[0], a.position[1] - b.position[1]) / 1000;
  const shadow = normal(seed, ...[a.name, b.name].sort());
  const bounded = Math.max(-SHADOW_LIMIT, Math.min(SHADOW_LIMIT, shadow));
  const distance = LOSS_1KM_DB + 10 * EXPONENT * Math.log10(Math.max(km, NEAREST_KM));
  return Math.max(distance + SHADOW_DB * bounded, 40);
}
