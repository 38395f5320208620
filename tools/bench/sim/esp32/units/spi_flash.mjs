// SPI1 as the flash driver uses it (TRM 7), and the flash chip's commands behind it (W25Q32JV datasheet).
import { PAGE, SECTOR } from '../../chip/flash.mjs';
import { fill, taken } from './buffer.mjs';

const R = { command: 0x00, address: 0x04, status: 0x10, user: 0x1c, user2: 0x24, mosi: 0x28, miso: 0x2c };
const USER = { address: 1 << 30, miso: 1 << 28, mosi: 1 << 27 };
const JEDEC = [0xef, 0x40]; // Winbond W25Q; the third byte is the power of two of its size
const WRITING = 1;
const ENABLED = 2;
/** The commands that SPI1 has bits of its own for. */
const SHORT = [[28, 0x9f], [27, 0x05], [30, 0x06], [29, 0x04], [24, 0x20], [23, 0xd8], [25, 0x02], [31, 0x03]];
const READS = new Set([0x03, 0x0b, 0x3b, 0xbb, 0x6b, 0xeb]);
const QUIET = new Set([0x01, 0x31, 0x35, 0x15, 0x66, 0x99, 0xab, 0xb9]);
const ERASES = { 0x20: SECTOR, 0x52: 0x8000, 0xd8: 0x10000 };

export class SpiFlash {
  constructor(chip, offset) {
    this.chip = chip;
    this.flash = chip.flash;
    this.io = chip.memory.registers(offset);
    this.enabled = false;
    this.under = null; // the operation under way
    this.rest = []; // what the same command still has to do
    this.over = chip.alarm(() => this.finish());
    this.flash.begin = (operation, nanos) => this.begin(operation, nanos);
  }

  read(offset) {
    return offset === R.command ? 0 : undefined;
  }

  write(offset, value) {
    if (offset !== R.command) return false;
    if (value & (1 << 18)) this.userCommand();
    else this.shortCommand(value);
    return true;
  }

  /** What the user registers describe: a command, an address with mode bits behind it, data out or in. */
  userCommand() {
    const at = (offset) => this.io[offset >> 2];
    const user = at(R.user);
    const address = user & USER.address ? at(R.address) >>> 8 : 0;
    const bytes = (offset) => ((at(offset) & 0xffffff) + 1) >> 3;
    this.run(at(R.user2) & 0xff, address, user & USER.mosi ? bytes(R.mosi) : 0, user & USER.miso ? bytes(R.miso) : 0);
  }

  shortCommand(value) {
    const found = SHORT.find(([bit]) => value & (1 << bit));
    if (!found) return;
    const address = this.io[R.address >> 2];
    const [, command] = found;
    if (command === 0x02) this.run(command, address & 0xffffff, address >>> 24, 0);
    else this.run(command, address & 0xffffff, 0, command === 0x03 ? ((this.io[R.miso >> 2] & 0xffffff) + 1) >> 3 : 4);
    if (command === 0x05) this.io[R.status >> 2] = this.status;
  }

  get status() {
    return (this.under ? WRITING : 0) | (this.enabled ? ENABLED : 0);
  }

  run(command, address, out, count) {
    if (this.under && command !== 0x05) {
      this.chip.refuse('flash', `command ${command.toString(16)} while an erase or program is under way`);
      return;
    }
    if (READS.has(command)) fill(this.io, this.flash.bytes.subarray(address, address + count));
    else if (command in ERASES) this.erase(address, ERASES[command]);
    else if (command === 0x02) this.program(address, taken(this.io, out));
    else this.other(command, count);
  }

  other(command, count) {
    if (command === 0x06) this.enabled = true;
    else if (command === 0x04) this.enabled = false;
    else if (command === 0x05) fill(this.io, [this.status, 0, 0, 0]);
    else if (command === 0x9f) fill(this.io, [...JEDEC, Math.log2(this.flash.size), 0]);
    else if (command === 0x4b) fill(this.io, this.chip.uid);
    else if (command === 0x5a || QUIET.has(command)) fill(this.io, new Array(count).fill(command === 0x5a ? 0xff : 0)); // no SFDP
    else this.chip.refuse('flash', `it does not know the command ${command.toString(16)}`);
  }

  allowed(what) {
    if (!this.enabled) this.chip.refuse('flash', `${what} without write enable: it does nothing`);
    return this.enabled;
  }

  erase(address, size) {
    if (this.allowed('an erase')) this.flash.erase(address & ~(size - 1), size);
  }

  /** Bytes behind the end of the page go to its begin, as the datasheet says. */
  program(address, bytes) {
    if (!this.allowed('a program')) return;
    const page = new Uint8Array(PAGE).fill(0xff);
    bytes.forEach((byte, i) => { page[(address + i) & (PAGE - 1)] = byte; });
    this.flash.program(address & ~(PAGE - 1), page);
  }

  begin(operation, nanos) {
    if (this.under) {
      this.rest.push([operation, nanos]);
      return;
    }
    this.enabled = false;
    const torn = this.chip.board?.tearsNext?.() ?? false;
    this.under = { operation, torn };
    this.over.at(this.chip.nanos + (torn ? nanos / 2 : nanos));
  }

  /** The chip was reset, not the flash, which ends what it has begun. */
  complete() {
    if (!this.under || this.under.torn) return;
    this.flash.finish(this.under.operation);
    for (const [operation] of this.rest) this.flash.finish(operation);
    this.under = null;
    this.rest = [];
  }

  finish() {
    const { operation, torn } = this.under;
    if (torn) {
      this.chip.board.powerCut(true);
      return;
    }
    this.under = null;
    this.flash.finish(operation);
    this.chip.memory.flashChanged(operation.at, operation.at + SECTOR, this.flash.bytes);
    const next = this.rest.shift();
    if (next) this.begin(...next);
  }
}
