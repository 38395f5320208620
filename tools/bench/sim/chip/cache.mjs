// The XIP cache of the RP2040: 16 kB, two ways, lines of 8 bytes (datasheet 2.6.3). Emulated code without it runs about
// 1.7 times too fast, as every fetch from flash would be a hit.

const SETS = 1024;
// Cycles of a miss: a quad read of 8 bytes with continuation, at clk_sys / 4 as boot2 sets it for the W25Q on a Pico:
// 8 cycles of address and mode, 4 of dummy and 16 nibbles of data, twice the SPI clock for half of it. Fitted so that the
// benchmark bm_chaos takes as long as reported for a real board (within 30 %, its clock is not stated).
const MISS_CYCLES = 56;

export class Cache {
  constructor(missCycles = MISS_CYCLES) {
    this.missCycles = missCycles;
    this.tags = new Int32Array(2 * SETS).fill(-1);
    this.older = new Uint8Array(SETS);
    this.misses = 0;
  }

  /** Looks an address up and fills its line; returns the cycles that the access waits. */
  touch(address) {
    const line = (address & 0xffffff) >>> 3;
    const set = line & (SETS - 1);
    const way = set << 1;
    const { tags } = this;
    if (tags[way] === line) {
      this.older[set] = 1;
      return 0;
    }
    if (tags[way + 1] === line) {
      this.older[set] = 0;
      return 0;
    }
    const victim = this.older[set];
    tags[way + victim] = line;
    this.older[set] = victim ^ 1;
    this.misses += 1;
    return this.missCycles;
  }

  /** The flash changed behind it: the SDK flushes the cache after every operation. */
  flush() {
    this.tags.fill(-1);
  }
}
