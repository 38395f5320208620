// How the Cortex-M0+ of the RP2040 reaches its memories: SRAM and cached flash at once, everything else through the blocks'
// own models, with the time they see and the cycles they cost.
import { CortexM0Core } from '../node_modules/rp2040js/dist/esm/cortex-m0-core.js';

const FLASH = 0x10;
const SRAM = 0x20;
const SIO = 0xd0;
const APB_READ_CYCLES = 3;
const APB_WRITE_CYCLES = 4;
const UNCACHED_READ_CYCLES = 56;
const GPIO_WRITES = 0x4c; // SIO registers below this offset move pins

/** The core's memory side; exceptions and special registers are rp2040js's. */
export class Memory extends CortexM0Core {
  /** chip: what owns clock, memories and cache. */
  constructor(mcu, chip) {
    super(mcu);
    this.chip = chip;
    this.signed = new Int32Array(this.registers.buffer);
    this.attachMemory(mcu);
    this.limit = 0; // cycles at which the loop ends, the waits taken off; 0 ends it after this instruction
    this.wait = 0; // cycles that memory made the core wait, beside the instructions' own
    this.line = -1; // flash line that the last fetch came from
    // -0 is no small integer: the fields are doubles from the start, and V8 need not compile the loop again for that.
    this.base = -0;
    this.nanosPerCycle = -0;
  }

  attachMemory(mcu) {
    const { bytes } = this.chip.flash;
    this.rom16 = new Uint16Array(mcu.bootrom.buffer);
    this.flash8 = bytes;
    this.flash16 = new Uint16Array(bytes.buffer);
    this.flash32 = new Int32Array(bytes.buffer);
    this.sram8 = mcu.sram;
    this.sram16 = new Uint16Array(mcu.sram.buffer);
    this.sram32 = new Int32Array(mcu.sram.buffer);
  }

  /** Cycles for a fetch from another flash line than the last. */
  fetch(pc) {
    this.line = pc >>> 3;
    return this.chip.cache ? this.chip.cache.touch(pc) : 0;
  }

  /** Data from the flash; a miss may throw out the line from which instructions are fetched. */
  touch(address) {
    const cycles = this.chip.cache ? this.chip.cache.touch(address) : 0;
    if (cycles) {
      this.line = -1;
      this.delay(cycles);
    }
  }

  /** The core waits for memory; negative for what costs less than a memory access. */
  delay(cycles) {
    this.wait += cycles;
    this.limit -= cycles;
  }

  unaligned(address, size) {
    throw new Error(`the firmware accessed ${size} bytes at 0x${(address >>> 0).toString(16)}, not aligned: a hard fault`);
  }

  load32(address, cycles) {
    const page = address >>> 24;
    if (address & 3) this.unaligned(address, 4);
    if (page === SRAM) return this.sram32[(address & 0xfffff) >>> 2];
    if (page === FLASH) {
      this.touch(address);
      return this.flash32[(address & 0xffffff) >>> 2];
    }
    return this.outside(address, cycles) | 0;
  }

  load16(address, cycles) {
    const page = address >>> 24;
    if (address & 1) this.unaligned(address, 2);
    if (page === SRAM) return this.sram16[(address & 0xfffff) >>> 1];
    if (page === FLASH) {
      this.touch(address);
      return this.flash16[(address & 0xffffff) >>> 1];
    }
    const word = this.outside(address & ~3, cycles);
    return address & 2 ? word >>> 16 : word & 0xffff;
  }

  load8(address, cycles) {
    const page = address >>> 24;
    if (page === SRAM) return this.sram8[address & 0xfffff];
    if (page === FLASH) {
      this.touch(address);
      return this.flash8[address & 0xffffff];
    }
    return (this.outside(address & ~3, cycles) >>> (8 * (address & 3))) & 0xff;
  }

  store32(address, value, cycles) {
    if (address & 3) this.unaligned(address, 4);
    if (address >>> 24 === SRAM) this.sram32[(address & 0xfffff) >>> 2] = value;
    else this.storeOutside(address, value, 4, cycles);
  }

  store16(address, value, cycles) {
    if (address & 1) this.unaligned(address, 2);
    if (address >>> 24 === SRAM) this.sram16[(address & 0xfffff) >>> 1] = value;
    else this.storeOutside(address, value, 2, cycles);
  }

  store8(address, value, cycles) {
    if (address >>> 24 === SRAM) this.sram8[address & 0xfffff] = value;
    else this.storeOutside(address, value, 1, cycles);
  }

  /** Time as the peripherals see it during this instruction. */
  synchronise(cycles) {
    this.chip.clock.nanosCounter = this.base + (cycles + this.wait) * this.nanosPerCycle;
  }

  /** A word that is in neither SRAM nor cached flash. */
  outside(address, cycles) {
    this.synchronise(cycles);
    const page = address >>> 24;
    if (page === SIO) {
      this.delay(-1);
      return this.rp2040.sio.readUint32(address & 0xffff);
    }
    if (page === 0x40) this.delay(APB_READ_CYCLES - 1);
    else if (page > FLASH && page < 0x14) this.delay(UNCACHED_READ_CYCLES);
    this.limit = 0;
    return this.rp2040.readUint32(address >>> 0);
  }

  storeOutside(address, value, size, cycles) {
    this.synchronise(cycles);
    const page = address >>> 24;
    if (page === SIO) {
      this.delay(-1);
      const offset = address & 0xffff;
      if (offset < GPIO_WRITES) this.limit = 0;
      this.rp2040.sio.writeUint32(offset, value >>> 0);
      return;
    }
    if (page >= FLASH && page < 0x14) return; // the XIP window takes no writes
    if (page === 0x40) this.delay(APB_WRITE_CYCLES - 1);
    this.limit = 0;
    if (size === 4) this.rp2040.writeUint32(address >>> 0, value >>> 0);
    else if (size === 2) this.rp2040.writeUint16(address >>> 0, value & 0xffff);
    else this.rp2040.writeUint8(address >>> 0, value & 0xff);
  }
}
