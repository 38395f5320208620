/**
 * The VL53L1X's registers: an index of 16 bits that counts on, the configuration with the values that ST's driver gives it, and
 * what may be read and written. Source: STSW-IMG009 3.3.
 */

const [VHV_BOUND, VHV_START] = [0x08, 0x0b];
const [FIRST, LAST] = [0x2d, 0x87]; // the configuration
const [POLARITY, STATUS, BUDGET] = [0x30, 0x31, 0x5e];
const [RESULT, DISTANCE, RESULT_END] = [0x89, 0x96, 0x9a];
const [BOOTED, MODEL, TOP] = [0xe5, 0x10f, 0x111];
export const [CLEAR, MODE] = [0x86, 0x87];
export const [STOPPED, RANGING] = [0x00, 0x40];

const TABLE = Buffer.from(
  '00000001020002080008100101000000' + // from 0x2d on
    '00ff000f0000000000200b0000020a21' +
    '00000500000000c8000038ff01000800' +
    '0001cc0f01f10d0168008008b8000000' +
    '000f8900000000000000010f0d0e0e00' +
    '0002c7ff9b000000010000',
  'hex',
);
/** What a user may set; all else of the configuration must be as in the table when ranging starts. */
const USER = [
  [0x2d, 0x31], [0x46, 0x46], [0x4b, 0x4b], [0x5e, 0x67], [0x69, 0x69], [0x6c, 0x6f], [0x72, 0x75], [0x78, 0x7b], [0x7f, 0x80],
  [0x86, 0x87],
]; // prettier-ignore
const BUDGETS_MS = { 0x1e: 20, 0x60: 33, 0xad: 50, 0x1cc: 100, 0x2d9: 200, 0x48f: 500 }; // by 0x5e, long distance

const isUsers = (register) => USER.some(([first, last]) => register >= first && register <= last);
const hex = (value) => `0x${value.toString(16)}`;

export class Registers {
  /** refuse(sentence): called for what ST's driver never does. */
  constructor(refuse) {
    this.refuse = refuse;
    this.bytes = new Uint8Array(TOP);
    this.reset();
  }

  /** Power on: identity, nothing configured, no result. */
  reset() {
    this.bytes.fill(0);
    this.bytes.set([0xea, 0xcc], MODEL);
    this.bytes[BOOTED] = 0x03;
    this.bytes[STATUS] = 0x02;
    Object.assign(this, { index: 0, indexBytes: 0, written: new Set(), measured: false });
  }

  get ranging() {
    return this.bytes[MODE] === RANGING;
  }

  /** The address was called, to write or to read. */
  start(write) {
    if (write) this.indexBytes = 0;
    else if (this.indexBytes === 1) this.refuse('a register has an index of two bytes');
  }

  /** Takes a byte: of the index, or a value. Returns the register that has a new value, which `clear` and `mode` act on. */
  write(byte) {
    if (this.indexBytes < 2) {
      this.index = this.indexBytes++ ? (this.index << 8) | byte : byte;
      return null;
    }
    const register = this.index++;
    if (register < FIRST || register > LAST) this.#outside(register, byte);
    else if (register < CLEAR && this.ranging) this.refuse(`${hex(register)} is written while it ranges: stop it first`);
    else {
      this.written.add(register);
      if (register < CLEAR) this.bytes[register] = byte;
      return register;
    }
    return null;
  }

  #outside(register, byte) {
    if (register === VHV_BOUND || register === VHV_START) this.bytes[register] = byte;
    else this.refuse(`${hex(register)} is not written by ST's driver`);
  }

  read() {
    const register = this.index++;
    if (register >= TOP) this.refuse(`${hex(register)} is not read by ST's driver`);
    if (register >= RESULT && register < RESULT_END && !this.measured) this.refuse('a result is read before there is one');
    return this.bytes[register] ?? 0;
  }

  /** Why ranging cannot start as it is configured, or an empty text. */
  fault() {
    for (let register = FIRST; register <= LAST; register++) {
      if (!this.written.has(register)) return `it is started before ${hex(register)} was configured`;
      const [is, table] = [this.bytes[register], TABLE[register - FIRST]];
      if (is !== table && !isUsers(register)) return `${hex(register)} is ${hex(is)}, ST's table has ${hex(table)}`;
    }
    return this.budgetMs ? '' : `${hex(BUDGET)} is none of the timing budgets of long distance`;
  }

  get budgetMs() {
    return BUDGETS_MS[(this.bytes[BUDGET] << 8) | this.bytes[BUDGET + 1]] ?? 0;
  }

  /** Is the interrupt raised? Its level has the polarity of 0x30. */
  get ready() {
    return (this.bytes[STATUS] & 1) === (this.bytes[POLARITY] & 0x10 ? 0 : 1);
  }

  set ready(ready) {
    const high = ready === !(this.bytes[POLARITY] & 0x10);
    this.bytes[STATUS] = (this.bytes[STATUS] & 0xfe) | (high ? 1 : 0);
  }

  /** A result, with the interrupt. status: as the register has it. */
  result(status, mm) {
    this.bytes[RESULT] = status;
    this.bytes.set([mm >> 8, mm & 255], DISTANCE);
    this.measured = true;
    this.ready = true;
  }
}
