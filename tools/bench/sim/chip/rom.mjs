// Stand-in for the RP2040's mask ROM. Every entry is two Thumb instructions, `bkpt #n; bx lr`; rp2040js calls
// `onBreak(n)` in the middle of BKPT, and the routine reads and writes the core's registers.
// Source: the documented ROM interface, RP2040 datasheet 2.8.2 and 2.8.3; no ROM code is copied.
import { floatTables } from './floats.mjs';

const BKPT = 0xbe00;
const BX_LR = 0x4770;
const VERSION = 3;
const SRAM = 0x20000000;
const FLOAT_ENTRIES = 32;
// Cycles of a ROM call beside its own work; invented, listed in KNOWN_DIFFERENCES.
const CALL_CYCLES = 30;

const code = (letters) => letters.charCodeAt(0) | (letters.charCodeAt(1) << 8);

/** `flash` gets erase(offset, size) and program(offset, data); `chip.stall(cycles)` makes time pass. */
export class Rom {
  constructor(chip, flash) {
    this.chip = chip;
    this.flash = flash;
    this.routines = [];
    this.memory = new DataView(chip.mcu.bootrom.buffer);
    this.top = 0x40;
    this.build();
    chip.mcu.onBreak = (number) => this.call(number);
  }

  call(number) {
    const { mcu } = this.chip;
    const routine = this.routines[number];
    if (mcu.core.PC > 0x4000 || !routine) {
      throw new Error(`bkpt #${number} at 0x${(mcu.core.PC - 2).toString(16)}: the firmware stopped itself (panic)`);
    }
    this.chip.spend(CALL_CYCLES);
    routine(mcu.core);
  }

  /** Adds an entry; returns its Thumb address. */
  entry(routine) {
    const address = this.top;
    this.memory.setUint16(address, BKPT | this.routines.length, true);
    this.memory.setUint16(address + 2, BX_LR, true);
    this.routines.push(routine);
    this.top += 4;
    return address | 1;
  }

  build() {
    const lookup = this.entry((core) => this.lookup(core));
    const functions = Object.entries(this.functions()).map(([name, routine]) => [code(name), this.entry(routine)]);
    const missing = this.entry(() => {
      throw new Error('the firmware called a float routine that the boot ROM stand-in does not have');
    });
    const data = Object.entries(floatTables()).map(([name, table]) => {
      const addresses = Array.from({ length: FLOAT_ENTRIES }, (_, i) => (table[4 * i] ? this.entry(table[4 * i]) : missing));
      return [code(name), addresses];
    });
    const placed = data.map(([name, addresses]) => [name, this.placeWords(addresses)]);
    const reset = this.entry(() => {});
    this.header(lookup, this.placePairs(functions), this.placePairs(placed), reset);
  }

  header(lookup, functions, data, reset) {
    this.memory.setUint32(0, 0x20041f00, true);
    this.memory.setUint32(4, reset, true);
    [0x4d, 0x75, 0x01, VERSION].forEach((byte, i) => this.memory.setUint8(0x10 + i, byte));
    this.memory.setUint16(0x14, functions, true);
    this.memory.setUint16(0x16, data, true);
    this.memory.setUint16(0x18, lookup, true);
  }

  /** A float table: the SDK reads its size (in words) from the byte two before it. */
  placeWords(addresses) {
    const start = ((this.top + 7) & ~7) + 4;
    this.memory.setUint8(start - 2, addresses.length);
    addresses.forEach((address, i) => this.memory.setUint32(start + 4 * i, address, true));
    this.top = start + 4 * addresses.length;
    return start;
  }

  placePairs(pairs) {
    const start = this.top;
    for (const [name, address] of [...pairs, [0, 0]]) {
      this.memory.setUint16(this.top, name, true);
      this.memory.setUint16(this.top + 2, address, true);
      this.top += 4;
    }
    return start;
  }

  lookup(core) {
    const r = core.registers;
    const wanted = r[1] & 0xffff;
    for (let at = r[0]; ; at += 4) {
      const name = this.memory.getUint16(at, true);
      if (name === 0 || name === wanted) {
        r[0] = name ? this.memory.getUint16(at + 2, true) : 0;
        return;
      }
    }
  }

  functions() {
    const nothing = () => {};
    return {
      P3: ({ registers: r }) => {
        let count = 0;
        for (let v = r[0]; v; v &= v - 1) count += 1;
        r[0] = count;
      },
      L3: ({ registers: r }) => {
        r[0] = Math.clz32(r[0]);
      },
      T3: ({ registers: r }) => {
        r[0] = r[0] ? 31 - Math.clz32(r[0] & -r[0]) : 32;
      },
      R3: ({ registers: r }) => {
        let reversed = 0;
        for (let i = 0; i < 32; i++) reversed = (reversed << 1) | ((r[0] >>> i) & 1);
        r[0] = reversed;
      },
      MS: (core) => this.fill(core),
      S4: (core) => this.fill(core),
      MC: (core) => this.copy(core),
      C4: (core) => this.copy(core),
      IF: nothing,
      EX: nothing,
      FC: nothing,
      CX: nothing,
      RE: ({ registers: r }) => this.flash.erase(r[0], r[1]),
      RP: ({ registers: r }) => this.flash.program(r[0], this.bytes(r[1], r[2])),
      UB: () => this.chip.enterBootsel(),
      WV: () => {
        throw new Error('core 1 was started: the bench emulates core 0 only (no _thread)');
      },
    };
  }

  bytes(address, size) {
    const { mcu } = this.chip;
    return Uint8Array.from({ length: size }, (_, i) => mcu.readUint8(address + i));
  }

  /** memcpy(r0, r1, r2). */
  copy({ registers: [to, from, size] }) {
    const { mcu } = this.chip;
    const [into, start] = [to - SRAM, from - SRAM];
    const inside = (at) => at >= 0 && at + size <= mcu.sram.length;
    if (inside(into) && inside(start)) mcu.sram.copyWithin(into, start, start + size);
    else if ((to | from | size) & 3) for (let i = 0; i < size; i++) mcu.writeUint8(to + i, mcu.readUint8(from + i));
    else for (let i = 0; i < size; i += 4) mcu.writeUint32(to + i, mcu.readUint32(from + i));
    this.chip.spend(size >> 1);
  }

  /** memset(r0, r1, r2). */
  fill({ registers: [to, value, size] }) {
    const { mcu } = this.chip;
    const start = to - SRAM;
    if (start >= 0 && start + size <= mcu.sram.length) mcu.sram.fill(value & 0xff, start, start + size);
    else for (let i = 0; i < size; i++) mcu.writeUint8(to + i, value & 0xff);
    this.chip.spend(size >> 2);
  }
}
