// The QSPI flash: content that outlives power, and operations that take time and can be torn by a power cut.
import { BasePeripheral } from 'rp2040js';

export const SECTOR = 4096;
export const PAGE = 256;
// Typical times of a W25Q16JV (datasheet table "AC electrical characteristics"): 45 ms a sector, 0.4 ms a page.
const ERASE_NS = 45e6;
const PROGRAM_NS = 0.4e6;
const JEDEC = [0xef, 0x40, 0x15];

/**
 * One flash chip. An operation changes the content when its time is over; `interrupt(torn)` ends the one under way early,
 * with nothing done, or with its first half done and one damaged byte behind it.
 * bytes: Uint8Array of the chip's address space. onDone(count): called after each finished operation.
 */
export class Flash {
  constructor(bytes, size) {
    this.bytes = bytes;
    this.size = size;
    this.erases = 0;
    this.programs = 0;
    this.operations = 0;
    this.begin = null;
    this.onDone = null;
    this.changed = null;
  }

  erase(offset, size) {
    if (offset % SECTOR || size % SECTOR) throw new Error(`flash erase of ${size} bytes at ${offset}: not whole sectors`);
    for (let at = offset; at < offset + size; at += SECTOR) this.queue({ kind: 'erase', at, data: null }, ERASE_NS);
  }

  program(offset, data) {
    if (offset % PAGE || data.length % PAGE) throw new Error(`flash program of ${data.length} bytes at ${offset}: not whole pages`);
    for (let i = 0; i < data.length; i += PAGE) {
      this.queue({ kind: 'program', at: offset + i, data: data.subarray(i, i + PAGE) }, PROGRAM_NS);
    }
  }

  queue(operation, nanos) {
    if (operation.at + PAGE > this.size) throw new Error(`flash ${operation.kind} at ${operation.at}: behind the end of the chip`);
    this.begin(operation, nanos);
  }

  /** Applies a whole operation. */
  finish({ kind, at, data }) {
    this.apply(kind, at, data, kind === 'erase' ? SECTOR : PAGE);
    if (kind === 'erase') this.erases += 1;
    else this.programs += 1;
    this.operations += 1;
    this.onDone?.(this.operations);
  }

  /** Power fails inside an operation: torn leaves its first half done and one byte half-way. */
  interrupt({ kind, at, data }, torn) {
    if (!torn) return;
    const half = (kind === 'erase' ? SECTOR : PAGE) / 2;
    this.apply(kind, at, data, half);
    const edge = at + half;
    this.bytes[edge] = kind === 'erase' ? this.bytes[edge] | 0x55 : this.bytes[edge] & (data[half] | 0x55);
    this.changed?.();
  }

  apply(kind, at, data, size) {
    if (kind === 'erase') this.bytes.fill(0xff, at, at + size);
    else for (let i = 0; i < size; i++) this.bytes[at + i] &= data[i];
    this.changed?.();
  }
}

/** The flash seen through the SSI's direct commands: unique id (0x4B), JEDEC id (0x9F), status. */
export class FlashCommands extends BasePeripheral {
  constructor(mcu, uid) {
    super(mcu, 'SSI');
    this.uid = uid;
    this.registers = new Map();
    this.select();
  }

  /** Chip select moved: the next byte is a command. */
  select() {
    this.sent = 0;
    this.command = 0;
    this.received = [];
  }

  readUint32(offset) {
    if (offset === 0x28) return 0x06 | (this.received.length ? 0x08 : 0);
    if (offset === 0x20) return 0;
    if (offset === 0x24) return this.received.length;
    if (offset === 0x60) return this.received.shift() ?? 0;
    return this.registers.get(offset) ?? 0;
  }

  writeUint32(offset, value) {
    if (offset === 0x08) this.select();
    if (offset !== 0x60) {
      this.registers.set(offset, value);
      return;
    }
    const index = this.sent++;
    if (index === 0) this.command = value & 0xff;
    this.received.push(this.answer(index));
  }

  answer(index) {
    if (this.command === 0x4b && index >= 5) return this.uid[index - 5] ?? 0;
    if (this.command === 0x9f && index >= 1) return JEDEC[index - 1] ?? 0;
    return 0;
  }
}
