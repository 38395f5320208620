// One call of a function of the mask ROM: its arguments, memory, and the way back to its caller.

export const JUMPED = Symbol('the function set the pc itself');

/** One call, as its function sees it. */
export class Call {
  constructor(chip, core) {
    this.chip = chip;
    this.core = core;
    this.memory = chip.memory;
    this.first = ((core.ps >> 16) & 3) * 4; // the caller's register that is the callee's a0
    this.from = core.get(this.first);
  }

  int(n) {
    return this.core.get(this.first + 2 + n);
  }

  /** An address or an unsigned number. */
  u(n) {
    return this.int(n) >>> 0;
  }

  /** 64 bits in two registers, signed. */
  long(n) {
    return BigInt.asIntN(64, BigInt(this.u(n)) | (BigInt(this.int(n + 1)) << 32n));
  }

  byte(a) {
    return this.memory.r8(a >>> 0);
  }

  setByte(a, value) {
    this.memory.w8(a >>> 0, value);
  }

  bytes(a, count) {
    return Buffer.from(Array.from({ length: count }, (_, i) => this.byte(a + i)));
  }

  /** Length of the C string at a, at most `limit`. */
  length(a, limit = 1 << 20) {
    let n = 0;
    while (n < limit && this.byte(a + n)) n += 1;
    return n;
  }

  text(a, limit) {
    return this.bytes(a, this.length(a, limit)).toString('latin1');
  }

  spend(cycles) {
    this.core.n += Math.floor(cycles);
  }

  returns(value) {
    const { core, first } = this;
    if (typeof value === 'bigint') {
      core.put(first + 2, Number(BigInt.asIntN(32, value)));
      core.put(first + 3, Number(BigInt.asIntN(32, value >> 32n)));
    } else if (value !== undefined) {
      core.put(first + 2, value);
    }
    core.pc = first ? (core.pc & 0xc0000000) | (this.from & 0x3fffffff) : this.from;
  }
}
