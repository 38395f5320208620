// GPIO, its matrix and interrupts (TRM 4): what the program drives goes to the board's wires, their levels come back.
import { COUNT } from '../wires.mjs';

const R = { strap: 0x38, in: 0x3c, in1: 0x40, pin: 0x88, func: 0x530 };
const PINS_END = 0x130;
const FUNCTIONS_END = 0x5d0;
const SIMPLE = 256; // the matrix output "the GPIO's own register"
const SOURCE = 22;
const OPEN_DRAIN = 4;
const WAKES = 1 << 10;
const LEVELS = 4; // the kinds of interrupt from here on are of a level
/** What a write does to which word: [word, operation]. */
const WORDS = {
  0x04: ['out', 0, 'set'], 0x08: ['out', 0, 'or'], 0x0c: ['out', 0, 'clear'], 0x10: ['out', 1, 'set'], 0x14: ['out', 1, 'or'], 0x18: ['out', 1, 'clear'],
  0x20: ['enable', 0, 'set'], 0x24: ['enable', 0, 'or'], 0x28: ['enable', 0, 'clear'], 0x2c: ['enable', 1, 'set'], 0x30: ['enable', 1, 'or'],
  0x34: ['enable', 1, 'clear'], 0x44: ['status', 0, 'set'], 0x48: ['status', 0, 'or'], 0x4c: ['status', 0, 'clear'], 0x50: ['status', 1, 'set'],
  0x54: ['status', 1, 'or'], 0x58: ['status', 1, 'clear'],
};
const OPERATIONS = { set: (old, value) => value, or: (old, value) => old | value, clear: (old, value) => old & ~value };
/** By GPIO: the IO_MUX register with its pulls (TRM 4.12.2). */
const MUX = [0x44, 0x88, 0x40, 0x84, 0x48, 0x6c, 0x60, 0x64, 0x68, 0x54, 0x58, 0x5c, 0x34, 0x38, 0x30, 0x3c, 0x4c, 0x50, 0x70, 0x74, 0x78, 0x7c, 0x80,
  0x8c, 0x90, 0x24, 0x28, 0x2c, 0, 0, 0, 0, 0x1c, 0x20, 0x14, 0x18, 0x04, 0x08, 0x0c, 0x10];
/** By GPIO that the RTC domain has as well: [register, bit of the pull-up]; the pull-down is one above. */
const RTC_PULLS = { 0: [0x98, 27], 2: [0x9c, 27], 4: [0x94, 27], 12: [0xa8, 27], 13: [0xa4, 27], 14: [0xac, 27], 15: [0xa0, 27], 25: [0x84, 27],
  26: [0x88, 27], 27: [0xb0, 27], 32: [0x8c, 22], 33: [0x8c, 27] };
const RTC_IO = 0x48400;
const IO_MUX = 0x49000;

/** By signal of the matrix: the pad that carries it without the matrix, as function 1 of the IO_MUX. */
const NATIVE = { 8: 14, 9: 12, 10: 13, 11: 15, 63: 18, 64: 19, 65: 23, 68: 5 };
const INPUT = 0x130; // by signal: the pin it comes from
const FROM_MATRIX = 1 << 7;

export class Gpio {
  constructor(chip, offset) {
    this.chip = chip;
    this.wires = chip.wires;
    this.all = chip.memory.io;
    this.io = chip.memory.registers(offset);
    this.out = [0, 0];
    this.enable = [0, 0];
    this.status = [0, 0];
  }

  settings(n) {
    return this.io[(R.pin + 4 * n) >> 2];
  }

  /** The signal that the matrix puts on a pin; 256: its own register. */
  signal(n) {
    return this.io[(R.func + 4 * n) >> 2] & 0x1ff;
  }

  muxed(n) {
    return (this.all[(IO_MUX + MUX[n]) >> 2] >>> 12) & 7;
  }

  /** Whether an output signal of a unit reaches pin n, over the matrix or its own pad. */
  sends(n, signal) {
    return (NATIVE[signal] === n && this.muxed(n) === 1) || this.signal(n) === signal;
  }

  /** Whether a unit's input signal comes from pin n. */
  hears(n, signal) {
    const value = this.io[(INPUT + 4 * signal) >> 2];
    return (NATIVE[signal] === n && this.muxed(n) === 1) || (value & FROM_MATRIX && (value & 63) === n) !== 0;
  }

  /** 1: pulled up, -1: pulled down, 0: neither. */
  pull(n) {
    if (RTC_PULLS[n]) {
      const [register, bit] = RTC_PULLS[n];
      const value = this.all[(RTC_IO + register) >> 2];
      return (value >>> bit) & 1 ? 1 : (value >>> (bit + 1)) & 1 ? -1 : 0;
    }
    const value = this.all[(IO_MUX + MUX[n]) >> 2];
    return value & 256 ? 1 : value & 128 ? -1 : 0;
  }

  /** The level at pad n that comes from the chip, null for none: held, or what the program drives; in deep sleep only the former. */
  drives(n) {
    const holds = this.chip.units?.rtc.holds;
    if (holds?.levels.has(n)) return holds.levels.get(n);
    return holds?.asleep ? null : this.output(n);
  }

  /** The level that the program drives pin n to, null where it does not. */
  output(n) {
    const [word, bit] = [n >> 5, 1 << (n & 31)];
    if (!(this.enable[word] & bit) || this.signal(n) !== SIMPLE) return null;
    const high = (this.out[word] & bit) !== 0;
    return high && this.settings(n) & OPEN_DRAIN ? null : +high;
  }

  inputs(word) {
    let bits = 0;
    for (let i = 0; i < 32 && word * 32 + i < COUNT; i += 1) if (this.wires.levels[word * 32 + i]) bits |= 1 << i;
    return bits;
  }

  read(offset) {
    if (offset === R.in) return this.inputs(0);
    if (offset === R.in1) return this.inputs(1);
    if (offset === R.strap) return this.chip.strap;
    if (offset >= 0x60 && offset < 0x80) return this.asking((offset >> 4) & 1, offset & 8 ? 4 : 1);
    const word = { 0x04: this.out[0], 0x10: this.out[1], 0x20: this.enable[0], 0x2c: this.enable[1], 0x44: this.status[0], 0x50: this.status[1] };
    return word[offset];
  }

  /** Latched pins whose interrupt goes to a core: mask 4 is core 0's (PCPU) bit of PIN_INT_ENA, 1 core 1's (ACPU). */
  asking(word, mask) {
    let bits = 0;
    for (let i = 0; i < 32 && word * 32 + i < COUNT; i += 1) {
      if ((this.status[word] >>> i) & 1 && (this.settings(word * 32 + i) >>> 13) & mask) bits |= 1 << i;
    }
    return bits;
  }

  write(offset, value) {
    const found = WORDS[offset];
    if (found) {
      const [name, word, operation] = found;
      this[name][word] = OPERATIONS[operation](this[name][word], value);
    } else {
      this.io[offset >> 2] = value;
      if (!(offset >= R.pin && offset < PINS_END) && !(offset >= R.func && offset < FUNCTIONS_END)) return true;
    }
    this.wires.update();
    this.look([]);
    return true;
  }

  /** Pins moved (numbers): edges are latched, levels looked at, the interrupt line follows. */
  look(moved) {
    if (this.chip.stopped) { // without a clock no edge is seen
      this.chip.units.rtc.wake.look();
      return;
    }
    let asks = false;
    for (let n = 0; n < COUNT; n += 1) {
      const settings = this.settings(n);
      if (!settings) continue;
      if (this.triggers((settings >>> 7) & 7, this.wires.levels[n], moved.includes(n))) this.status[n >> 5] |= 1 << (n & 31);
      asks ||= ((this.status[n >> 5] >>> (n & 31)) & 1) === 1 && ((settings >>> 13) & 5) !== 0;
    }
    this.chip.raise(SOURCE, asks);
  }

  /** Whether a pin with WAKEUP_ENABLE has the level of its interrupt. */
  wakes() {
    for (let n = 0; n < COUNT; n += 1) {
      const settings = this.settings(n);
      const kind = (settings >>> 7) & 7;
      if (settings & WAKES && kind >= LEVELS && this.triggers(kind, this.wires.levels[n], false)) return true;
    }
    return false;
  }

  triggers(kind, level, edge) {
    switch (kind) {
      case 1: return edge && level === 1;
      case 2: return edge && level === 0;
      case 3: return edge;
      case 4: return level === 0;
      case 5: return level === 1;
      default: return false;
    }
  }
}
