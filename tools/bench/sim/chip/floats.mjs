// The boot ROM's single and double precision routines (RP2040 datasheet 2.8.3), computed by the host.
// Each entry works on the core's registers r0..r3 by the ROM's own calling convention.

const bits = new DataView(new ArrayBuffer(8));
const INT32 = [-(2n ** 31n), 2n ** 31n - 1n];
const UINT32 = [0n, 2n ** 32n - 1n];
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n];
const UINT64 = [0n, 2n ** 64n - 1n];

function float(word) {
  bits.setUint32(0, word);
  return bits.getFloat32(0);
}

function word(value) {
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

function double(low, high) {
  bits.setUint32(0, high);
  bits.setUint32(4, low);
  return bits.getFloat64(0);
}

function clamp(value, [low, high]) {
  if (Number.isNaN(value)) return 0n;
  if (value <= Number(low)) return low;
  return value >= Number(high) ? high : BigInt(Math.floor(value));
}

/** Integer times 2**exponent as single precision, rounded once: 53 bits are kept with a sticky last one. */
function nearest(integer, exponent) {
  let magnitude = integer < 0n ? -integer : integer;
  let shift = exponent;
  while (magnitude >= 2n ** 52n) {
    magnitude = (magnitude >> 1n) | (magnitude & 1n);
    shift += 1;
  }
  return (integer < 0n ? -1 : 1) * Number(magnitude) * 2 ** shift;
}

/** The two tables of the ROM, {byte offset: routine(core)}, for single (SF) and double precision (SD). */
export function floatTables() {
  const single = new Precision(false);
  const twice = new Precision(true);
  return { SF: single.table(), SD: twice.table() };
}

class Precision {
  constructor(wide) {
    this.wide = wide;
  }

  argument(core, index) {
    const r = core.registers;
    return this.wide ? double(r[2 * index], r[2 * index + 1]) : float(r[index]);
  }

  give(core, value, wide = this.wide) {
    const r = core.registers;
    if (!wide) {
      r[0] = word(value);
      return;
    }
    bits.setFloat64(0, value);
    r[1] = bits.getUint32(0);
    r[0] = bits.getUint32(4);
  }

  giveInteger(core, integer, wide) {
    core.registers[0] = Number(BigInt.asUintN(32, integer));
    if (wide) core.registers[1] = Number(BigInt.asUintN(32, integer >> 32n));
  }

  compute(operation) {
    return (core) => this.give(core, operation(this.argument(core, 0), this.argument(core, 1)));
  }

  /** -1, 0 or 1 in r0. */
  compare(core) {
    const [a, b] = [this.argument(core, 0), this.argument(core, 1)];
    core.registers[0] = a < b ? 0xffffffff : a > b ? 1 : 0;
  }

  /** The same in the flags, as after CMP. */
  compareFlags(core) {
    const [a, b] = [this.argument(core, 0), this.argument(core, 1)];
    core.N = false;
    core.V = false;
    core.Z = a === b;
    core.C = !(a < b);
  }

  toInteger(range, { fixed = false, wide = false } = {}) {
    return (core) => {
      const places = fixed ? core.registers[this.wide ? 2 : 1] | 0 : 0;
      this.giveInteger(core, clamp(this.argument(core, 0) * 2 ** places, range), wide);
    };
  }

  fromInteger(signed, { fixed = false, wide = false } = {}) {
    return (core) => {
      const r = core.registers;
      const raw = wide ? (BigInt(r[1]) << 32n) | BigInt(r[0]) : BigInt(r[0]);
      const integer = signed ? BigInt.asIntN(wide ? 64 : 32, raw) : raw;
      const exponent = fixed ? -(r[wide ? 2 : 1] | 0) : 0;
      this.give(core, this.wide ? Number(integer) * 2 ** exponent : nearest(integer, exponent));
    };
  }

  sineAndCosine(core) {
    const angle = this.argument(core, 0);
    core.registers[0] = word(Math.sin(angle));
    core.registers[1] = word(Math.cos(angle));
  }

  table() {
    const fixed = true;
    const wide = true;
    const compare = (core) => this.compare(core);
    return {
      0x00: this.compute((a, b) => a + b),
      0x04: this.compute((a, b) => a - b),
      0x08: this.compute((a, b) => a * b),
      0x0c: this.compute((a, b) => a / b),
      0x10: compare,
      0x14: (core) => this.compareFlags(core),
      0x18: this.compute((a) => Math.sqrt(a)),
      0x1c: this.toInteger(INT32),
      0x20: this.toInteger(INT32, { fixed }),
      0x24: this.toInteger(UINT32),
      0x28: this.toInteger(UINT32, { fixed }),
      0x2c: this.fromInteger(true),
      0x30: this.fromInteger(true, { fixed }),
      0x34: this.fromInteger(false),
      0x38: this.fromInteger(false, { fixed }),
      0x3c: this.compute((a) => Math.cos(a)),
      0x40: this.compute((a) => Math.sin(a)),
      0x44: this.compute((a) => Math.tan(a)),
      ...(this.wide ? {} : { 0x48: (core) => this.sineAndCosine(core) }),
      0x4c: this.compute((a) => Math.exp(a)),
      0x50: this.compute((a) => Math.log(a)),
      0x54: compare,
      0x58: this.compute((a, b) => Math.atan2(a, b)),
      0x5c: this.fromInteger(true, { wide }),
      0x60: this.fromInteger(true, { wide, fixed }),
      0x64: this.fromInteger(false, { wide }),
      0x68: this.fromInteger(false, { wide, fixed }),
      0x6c: this.toInteger(INT64, { wide }),
      0x70: this.toInteger(INT64, { wide, fixed }),
      0x74: this.toInteger(UINT64, { wide }),
      0x78: this.toInteger(UINT64, { wide, fixed }),
      0x7c: (core) => this.give(core, this.argument(core, 0), !this.wide),
    };
  }
}
