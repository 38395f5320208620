// SAR ADC 1 and 2 through SENS (TRM 29.3), in the RTC's page: one conversion, done at once.
//
// Not linear: near 0 nothing is seen, and towards full scale the steps grow (Espressif, "ESP32 ADC calibration"; the curve here
// is theirs in shape: flat below 70 mV, bent above 2.6 V at 11 dB).

const R = { attenuation1: 0x834, attenuation2: 0x838, start1: 0x854, start2: 0x894 };
const DONE = 1 << 16;
const PINS = [[36, 37, 38, 39, 32, 33, 34, 35], [4, 0, 2, 15, 13, 12, 14, 27, 25, 26]];
const FULL_MV = [950, 1250, 1750, 3100]; // by attenuation: what gives 4095 (datasheet 4.1.2.5)
const BLIND_MV = 70;

/** Counts for so many millivolts at a pin. */
export function counts(millivolts, attenuation) {
  const full = FULL_MV[attenuation];
  if (millivolts <= BLIND_MV) return 0;
  const share = Math.min(1, (millivolts - BLIND_MV) / (full - BLIND_MV));
  const bent = share > 0.84 && attenuation === 3 ? share + (share - 0.84) ** 2 * 0.6 * (1 - share) : share;
  return Math.max(0, Math.min(4095, Math.round(bent * 4095)));
}

/** The register's value for a read of `offset`, or undefined; millivolts(gpio) is the voltage outside. */
export function conversion(offset, get, millivolts) {
  if (offset !== R.start1 && offset !== R.start2) return undefined;
  const unit = offset === R.start1 ? 0 : 1;
  const value = get(offset);
  const channel = 31 - Math.clz32((value >>> 19) & 0xfff);
  const attenuation = (get(unit ? R.attenuation2 : R.attenuation1) >>> (2 * channel)) & 3;
  const gpio = PINS[unit][channel];
  return (value & 0xfffe0000) | DONE | (gpio === undefined ? 0 : counts(millivolts(gpio), attenuation));
}
