// SAR ADC 1 and 2 through SENS (TRM 29.3), in the RTC's page: one conversion, done at once.
//
// Counts are those of the median chip, whose reference is 1100 mV, out of the constants by which ESP-IDF computes millivolts from
// them (components/esp_adc/esp32/adc_cali_line_fitting.c): a line for each attenuation, which begins above 0; at 11 dB a bend above
// 2880 counts, here one piece of a line to the last point of its table (mean of 3060 and 3209 mV), within 53 mV of the others.

const R = { attenuation1: 0x834, attenuation2: 0x838, start1: 0x854, start2: 0x894 };
const DONE = 1 << 16;
const PINS = [[36, 37, 38, 39, 32, 33, 34, 35], [4, 0, 2, 15, 13, 12, 14, 27, 25, 26]];
const FULL = 4095;
const REFERENCE_MV = 1100;
const SCALE = [0.87632707, 1.16327136, 1.60951523, 2.99991113]; // of the reference, for 4096 counts, by attenuation
const FIRST_MV = [75, 78, 107, 142];
const BENT_FROM = 2880;
const BENT_TO_MV = 3134;

/** Counts for so many millivolts at a pin. */
export function counts(millivolts, attenuation) {
  const step = (REFERENCE_MV * SCALE[attenuation]) / 4096;
  const straight = (millivolts - FIRST_MV[attenuation]) / step;
  if (attenuation !== 3 || straight <= BENT_FROM) return Math.max(0, Math.min(FULL, Math.round(straight)));
  const from = FIRST_MV[3] + BENT_FROM * step;
  const bent = BENT_FROM + ((millivolts - from) / (BENT_TO_MV - from)) * (4096 - BENT_FROM);
  return Math.min(FULL, Math.round(bent));
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
