// The cache between one core and the flash: 32 KiB, two ways (TRM 1.3.2.7), lines of 32 bytes, no reading ahead (Espressif, esp32.com
// topic 9307). Code and constants share it. Assumed: the older of two lines goes, the core waits for the whole line.

const SETS = 512;
export const LINE_SHIFT = 5;
const LINE_BYTES = 1 << LINE_SHIFT;
const WAYS = 2;

/**
 * Clocks of a read by mode, as byte 2 of the image's header numbers them (QIO, QOUT, DIO, DOUT): command, address, mode and dummy
 * (W25Q32JV datasheet, 8.2: EBh, 6Bh, BBh, 3Bh), and how many bits of data a clock moves.
 */
const MODES = [{ before: 8 + 6 + 2 + 4, bits: 4 }, { before: 8 + 24 + 8, bits: 4 }, { before: 8 + 12 + 4, bits: 2 }, { before: 8 + 24 + 8, bits: 2 }];
/** MHz by the low half of byte 3 (ESP-IDF, "Application image format"). */
const MEGAHERTZ = { 0: 40, 1: 26, 2: 20, 15: 80 };

/** Nanoseconds that reading a line takes with the flash as the boot loader at `at` of it says. */
export function lineNanos(flash, at) {
  const { before, bits } = MODES[flash[at + 2]] ?? MODES[2];
  return ((before + (8 * LINE_BYTES) / bits) * 1000) / (MEGAHERTZ[flash[at + 3] & 15] ?? 40);
}

export class FlashCache {
  /** cycles: () -> cycles of the core until a line is there. */
  constructor(cycles) {
    this.cycles = cycles;
    this.tags = new Int32Array(WAYS * SETS);
    this.older = new Uint8Array(SETS);
    this.misses = 0;
  }

  /** The cycles that an access to an address waits. */
  touch(address) {
    const line = address >>> LINE_SHIFT;
    const set = line & (SETS - 1);
    return this.tags[set] === line || this.tags[set + SETS] === line ? 0 : this.fill(line);
  }

  fill(line) {
    const set = line & (SETS - 1);
    this.tags[set + SETS * this.older[set]] = line;
    this.older[set] ^= 1;
    this.misses += 1;
    return this.cycles();
  }

  flush() {
    this.tags.fill(0);
  }
}

/** The condition, as text of a trace, that no way holds a line. T: the core's tags. */
export const missing = (line) => `T[${line & (SETS - 1)}]!==${line}&&T[${(line & (SETS - 1)) + SETS}]!==${line}`;
