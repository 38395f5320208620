// A few instructions on a core of an emulated ESP32, apart from any program.

export const IRAM = 0x4009f000; // the last page of SRAM 0

const NONE = 0xffffff; // no instruction: no trace goes on behind the last word

/** Writes words of 24 bits to IRAM; the second core stands at the first, interrupts off. never: interpret everything. */
export function place(chip, words, { a2 = 0, a3 = 0, never = false } = {}) {
  const [, core] = chip.cores;
  chip.core = core;
  [...words, NONE].forEach((word, i) => [0, 8, 16].forEach((bit, k) => chip.memory.w8(IRAM + 3 * i + k, (word >>> bit) & 255)));
  chip.code.never = never;
  core.put(2, a2);
  core.put(3, a3);
  core.pc = IRAM;
  core.ps = (core.ps & ~63) | 15;
  core.check();
  core.n = 0;
  core.limit = Infinity;
  core.waiting = false;
  return core;
}
