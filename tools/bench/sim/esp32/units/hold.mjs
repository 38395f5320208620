// Pads that keep their level (TRM 4.10, 31.3.5): over deep sleep and the reset that ends it, until their hold is taken off.

import { RTC_PADS } from './wake.mjs';

const R = { isolation: 0x88, digital: 0x474 };
const AUTO = 1 << 11; // DG_PAD_AUTOHOLD_EN: what is held stays so in deep sleep
/** By RTC pad: [register, bit of its hold] (ESP-IDF, rtc_io_reg.h). */
const RTC = [[0x47c, 31], [0x47c, 30], [0x47c, 29], [0x47c, 28], [0x480, 31], [0x480, 30], [0x484, 29], [0x488, 29], [0x48c, 29], [0x48c, 24],
  [0x494, 31], [0x498, 31], [0x49c, 31], [0x4a0, 31], [0x4a4, 31], [0x4a8, 31], [0x4ac, 31], [0x4b0, 31]];
/** By bit of DIG_PAD_HOLD: the GPIO (ESP-IDF, GPIO_HOLD_MASK). */
const DIGITAL = { 0: 3, 1: 1, 2: 6, 3: 7, 4: 8, 5: 9, 6: 10, 7: 11, 8: 5, 9: 16, 10: 17, 11: 18, 12: 19, 14: 21, 15: 22, 16: 23 };

const PADS = new Map([
  ...RTC_PADS.map((gpio, pad) => [gpio, { at: RTC[pad][0], bit: RTC[pad][1], rtc: true }]),
  ...Object.entries(DIGITAL).map(([bit, gpio]) => [gpio, { at: R.digital, bit: +bit, rtc: false }]),
]);
export const isHold = (offset) => offset === R.isolation || (offset >= R.digital && offset <= 0x4b0);

export class Holds {
  constructor(chip, get) {
    this.chip = chip;
    this.get = get;
    this.asleep = false; // deep
    this.levels = new Map(chip.kept?.holds);
  }

  holds({ at, bit, rtc }) {
    if (!((this.get(at) >>> bit) & 1)) return false;
    return rtc || !this.asleep || (this.get(R.isolation) & AUTO) !== 0;
  }

  /** A hold register was written, or deep sleep begins: pads are latched, or free again. */
  update() {
    const { gpio } = this.chip.units;
    for (const [n, pad] of PADS) {
      const held = this.holds(pad);
      if (held && !this.levels.has(n)) this.levels.set(n, gpio.output(n));
      else if (!held) this.levels.delete(n);
    }
    this.chip.wires.update();
  }

  sleep() {
    this.update(); // what is held is latched as it was driven
    this.asleep = true;
    this.update();
  }
}
