// The address space: RAM, the flash as the caches map it, and the units' registers.
//
// Everything from 0x3F400000 to 0x403FFFFF lies in one array, so that an address is an index. The instruction bus sees SRAM 1 with
// its words in reverse order (TRM 1.3.2), and RTC fast memory at a second address: both lead to the one place.
import { FAULT } from './xtensa/core.mjs';
import { CAUSE } from './xtensa/windows.mjs';

export const FIRST = 0x3f400000;
const SIZE = 0x1000000;
const IO = 0x3ff00000;
const IO_END = 0x3ff80000;
const IO_ALIAS = 0x60000000; // the AHB address of the units at 0x3FF40000
const RAM = 0x3ff80000;
const RAM_END = 0x40000000;
const SRAM0 = 0x40070000;
const SRAM1 = 0x400a0000;
const RTC_FAST = 0x400c0000;
const FLASH_CODE = 0x400d0000;
const CODE_END = 0x40400000;
const RTC_SLOW = 0x50000000;
const RTC_BYTES = 0x2000;
const PAGE = 0x10000;
const BLUETOOTH = 0x4000d4f4; // what its controller reads of the mask ROM first (ESP-IDF, esp32.rom.ld: _data_start_btdm_rom)
/** Units without a model, by page (TRM 1.3.3). */
const ABSENT = { 0x02: 'RSA', 0x4b: 'SDIO', 0x4c: 'UHCI1', 0x4f: 'I2S0', 0x51: 'Bluetooth', 0x54: 'UHCI0', 0x55: 'SDIO', 0x56: 'RMT', 0x57: 'PCNT', 0x58: 'SDIO',
  0x5b: 'flash encryption', 0x5e: 'MCPWM0', 0x68: 'SDMMC', 0x69: 'EMAC', 0x6b: 'TWAI', 0x6c: 'MCPWM1', 0x6d: 'I2S1' };
export const UNMAPPED = 0x100; // an MMU entry that maps nothing

export class Memory {
  /** chip: {core (that runs), note(text), synchronise(), code, cached (whether reads of flash wait), unitCycles}. */
  constructor(chip) {
    this.chip = chip;
    this.cached = chip.cached;
    const buffer = new ArrayBuffer(SIZE);
    this.M8 = new Uint8Array(buffer);
    this.M32 = new Int32Array(buffer);
    const at = RAM - FIRST;
    this.D8 = new Uint8Array(buffer, at, 0x80000);
    this.D16 = new Uint16Array(buffer, at, 0x40000);
    this.D32 = new Int32Array(buffer, at, 0x20000);
    this.io = new Int32Array(buffer, IO - FIRST, 0x20000);
    this.slow = new Uint8Array(RTC_BYTES);
    this.units = new Array(128).fill(null);
    this.entries = [new Int32Array(384).fill(UNMAPPED), new Int32Array(384).fill(UNMAPPED)];
    this.left = new Set();
  }

  // ---- RAM ----

  /** The index of an address with memory behind it, or -1. */
  index(a) {
    if (a >= SRAM1 && a < RTC_FAST) return (0x3ffffffc - ((a - SRAM1) & ~3) + (a & 3)) - FIRST;
    if (a >= RTC_FAST && a < RTC_FAST + RTC_BYTES) return RAM + (a - RTC_FAST) - FIRST;
    if ((a >= FIRST && a < IO) || (a >= RAM && a < RAM_END) || (a >= SRAM0 && a < CODE_END)) return a - FIRST;
    return -1;
  }

  fault(cause, address) {
    const { core } = this.chip;
    if (address === BLUETOOTH) this.chip.units.dport.refuseRadio('Bluetooth');
    core.fault = { cause, address };
    this.chip.note(`core ${core.id}: nothing at ${hex(address)} (pc ${hex(core.pc)})`);
    throw FAULT;
  }

  /** Whether an address is the flash's, through the cache. */
  isFlash(a) {
    return (a >= FIRST && a < IO) || (a >= FLASH_CODE && a < CODE_END);
  }

  /** The running core waits for the line of flash at a. */
  wait(a) {
    const { core } = this.chip;
    core.n += core.cache.touch(a);
  }

  isIo(a) {
    return (a >= IO && a < IO_END) || (a >= IO_ALIAS && a < IO_ALIAS + 0x40000);
  }

  r32(a) {
    const i = this.index(a);
    const { M8 } = this;
    if (this.cached && this.isFlash(a)) this.wait(a);
    if (i >= 0) return i & 3 ? M8[i] | (M8[i + 1] << 8) | (M8[i + 2] << 16) | (M8[i + 3] << 24) : this.M32[i >> 2];
    if (this.isIo(a)) return this.readUnit(a);
    const s = a - RTC_SLOW;
    if (s < 0 || s >= RTC_BYTES) return this.fault(CAUSE.load, a);
    return this.slow[s] | (this.slow[s + 1] << 8) | (this.slow[s + 2] << 16) | (this.slow[s + 3] << 24);
  }

  r16(a) {
    return a & 1 ? this.r8(a) | (this.r8(a + 1) << 8) : (this.r32(a & ~3) >>> ((a & 2) << 3)) & 0xffff;
  }

  r8(a) {
    const i = this.index(a);
    if (this.cached && this.isFlash(a)) this.wait(a);
    return i >= 0 ? this.M8[i] : (this.r32(a & ~3) >>> ((a & 3) << 3)) & 0xff;
  }

  w32(a, value) {
    if (this.isIo(a)) {
      this.writeUnit(a, value);
      return;
    }
    if (a & 3) {
      for (let k = 0; k < 4; k += 1) this.w8(a + k, value >>> (8 * k));
      return;
    }
    const i = this.writable(a);
    if (i >= 0) this.M32[i >> 2] = value;
    else for (let k = 0; k < 4; k += 1) this.slow[a - RTC_SLOW + k] = value >>> (8 * k);
  }

  w16(a, value) {
    if (this.isIo(a)) {
      this.writeUnit(a & ~3, value & 0xffff);
      return;
    }
    this.w8(a, value);
    this.w8(a + 1, value >>> 8);
  }

  w8(a, value) {
    if (this.isIo(a)) {
      this.writeByte(a, value & 0xff);
      return;
    }
    const i = this.writable(a);
    if (i >= 0) this.M8[i] = value;
    else this.slow[a - RTC_SLOW] = value;
  }

  /** The index to write at; -1 for RTC slow memory. Mapped flash and what is not there raise a store error. */
  writable(a) {
    if (a >= SRAM0 && a < SRAM1) this.chip.code.written(a);
    else if (!(a >= RAM && a < RAM_END) && !(a >= SRAM1 && a < RTC_FAST + RTC_BYTES)) {
      if (a >= RTC_SLOW && a < RTC_SLOW + RTC_BYTES) return -1;
      this.fault(CAUSE.store, a);
    }
    return this.index(a);
  }

  /** Moves bytes as a loop of loads and stores does, upwards where to <= from; false where that is not plain data RAM. */
  move(to, from, count) {
    if (!this.isData(to, count) || !this.isData(from, count)) return false;
    this.D8.copyWithin(to - RAM, from - RAM, from - RAM + count);
    return true;
  }

  /** Sets bytes as a loop of stores does; false where that is not plain data RAM. */
  set(to, value, count) {
    if (!this.isData(to, count)) return false;
    this.D8.fill(value, to - RAM, to - RAM + count);
    return true;
  }

  isData(a, count) {
    return a >= RAM && a + count <= RAM_END;
  }

  // ---- code ----

  callRom(core) {
    this.chip.callRom(core);
  }

  /** 24 bits of an instruction, or -1 where there is none to execute (ROM too). */
  fetch(pc) {
    if (pc < SRAM0 || pc >= CODE_END) return -1;
    const at = (a) => this.M8[this.index(a)];
    return at(pc) | (at(pc + 1) << 8) | (at(pc + 2) << 16);
  }

  /** Whether code there changes only by a write to its own address or by the MMU. */
  steady(pc) {
    return (pc >= SRAM0 && pc < SRAM1) || (pc >= FLASH_CODE && pc < CODE_END);
  }

  /** The text of a literal's value: flash does not change under a trace, RAM may. */
  literal(a) {
    return a >= FLASH_CODE ? `${this.r32(a)}` : `M32[${(a - FIRST) >> 2}]`;
  }

  // ---- units ----

  /** The registers of the unit at an offset: 4 KiB. */
  registers(offset) {
    return this.io.subarray(offset >> 2, (offset + 0x1000) >> 2);
  }

  /** unit: {read(offset) -> value or undefined, write(offset, value) -> true where it keeps the value itself}. */
  attach(offset, unit) {
    this.units[offset >> 12] = unit;
  }

  offset(a) {
    return a >= IO_ALIAS ? (a & 0x3ffff) + 0x40000 : a - IO;
  }

  /** The unit at an offset; what has no model is named at its first access, and all accesses are counted. */
  unit(offset, what) {
    const unit = this.units[offset >> 12];
    if (unit && unit.has?.(offset & 0xfff) !== false) return unit;
    const { unknown } = this.chip;
    const name = ABSENT[offset >> 12] ?? 'the unit';
    if (!unknown.has(name)) this.chip.note(`no model of ${name} at ${hex(IO + offset)} (${what}, pc ${hex(this.chip.core.pc)})`);
    unknown.set(name, (unknown.get(name) ?? 0) + 1);
    return unit;
  }

  readUnit(a) {
    const offset = this.offset(a);
    const unit = this.unit(offset, 'read');
    this.chip.core.n += this.chip.unitCycles;
    this.chip.synchronise();
    const value = unit?.read?.(offset & 0xfff);
    return value === undefined ? this.io[offset >> 2] : value | 0;
  }

  writeUnit(a, value) {
    const offset = this.offset(a);
    const unit = this.unit(offset, 'write');
    this.chip.core.n += this.chip.unitCycles;
    this.chip.synchronise();
    if (unit?.write?.(offset & 0xfff, value) !== true) this.io[offset >> 2] = value;
    this.chip.hurry();
  }

  /** A byte access: FIFOs take it as it is; elsewhere it changes a quarter of the register. */
  writeByte(a, value) {
    const offset = this.offset(a) & ~3;
    const unit = this.units[offset >> 12];
    if (unit?.fifo === (offset & 0xfff)) {
      this.writeUnit(a & ~3, value);
      return;
    }
    const shift = (a & 3) << 3;
    this.writeUnit(a & ~3, (this.io[offset >> 2] & ~(0xff << shift)) | (value << shift));
  }

  // ---- the flash caches' MMU ----

  /** Reset: all is empty but SRAM 0, where the same code comes to lie, and the pages of flash until `unmapRest`. */
  restart() {
    this.D8.fill(0);
    this.io.fill(0);
    this.slow.fill(0);
    this.units.fill(null);
    for (const table of this.entries) table.forEach((value, n) => { if (!(value & UNMAPPED)) this.left.add(n); });
  }

  /** The pages that the boot loader did not map again are gone. */
  unmapRest(flash) {
    for (const n of this.left) for (const core of [0, 1]) this.map(core, n, UNMAPPED, flash);
    this.left.clear();
  }

  /** Entry n of a core's table: page `value` of the flash. The two cores' tables are taken as equal, as ESP-IDF keeps them. */
  map(core, n, value, flash) {
    if (!(value & UNMAPPED)) this.left.delete(n);
    if (this.entries[core][n] === value) return;
    this.entries[core][n] = value;
    const a = virtual(n);
    if (core !== 0 || a === null) return;
    const to = a - FIRST;
    if (value & UNMAPPED) this.M8.fill(0, to, to + PAGE);
    else this.M8.set(flash.subarray((value & 0xff) * PAGE, (value & 0xff) * PAGE + PAGE), to);
    if (a >= FLASH_CODE) this.chip.code.forget(a, a + PAGE - 1);
  }

  /** Flash from..to changed: what is mapped of it is renewed. */
  flashChanged(from, to, flash) {
    for (let n = 0; n < 256; n += 1) {
      const value = this.entries[0][n];
      const a = virtual(n);
      const page = (value & 0xff) * PAGE;
      if (value & UNMAPPED || a === null || from >= page + PAGE || to <= page) continue;
      const low = Math.max(from, page);
      const high = Math.min(to, page + PAGE);
      this.M8.set(flash.subarray(low, high), a - FIRST + low - page);
      if (a >= FLASH_CODE) this.chip.code.forget(a, a + PAGE - 1);
    }
  }
}

/** The address of MMU entry n: 64 pages of data, then pages of code, of which those below 0x400D0000 are hidden by RAM. */
function virtual(n) {
  if (n < 64) return FIRST + n * PAGE;
  const a = 0x40000000 + (n - 64) * PAGE;
  return a >= FLASH_CODE && a < CODE_END ? a : null;
}

export const hex = (value) => (value >>> 0).toString(16);
