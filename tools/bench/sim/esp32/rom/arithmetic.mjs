// libgcc: what the cores have no instructions for; and the ROM's checksums.
import { crc8 } from '../units/identity.mjs';

const view = new DataView(new ArrayBuffer(8));
const double = (c, n) => {
  view.setInt32(0, c.int(n), true);
  view.setInt32(4, c.int(n + 1), true);
  return view.getFloat64(0, true);
};
const single = (c, n) => {
  view.setInt32(0, c.int(n), true);
  return view.getFloat32(0, true);
};
const fromDouble = (value) => {
  view.setFloat64(0, value, true);
  return view.getBigInt64(0, true);
};
const fromSingle = (value) => {
  view.setFloat32(0, value, true);
  return view.getInt32(0, true);
};
const unsigned = (c, n) => BigInt.asUintN(64, c.long(n));
const wrap = (value) => BigInt.asIntN(64, value);
const clampInt = (value) => Math.max(-0x80000000, Math.min(0x7fffffff, Math.trunc(value))) | 0;
const toUnsigned = (value) => Math.max(0, Math.min(0xffffffff, Math.trunc(value) || 0)) | 0;
const toLong = (value) => wrap(BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));
const order = (a, b) => (a < b ? -1 : a === b ? 0 : 1); // NaN: greater, so that <, <= and == fail
const orderLow = (a, b) => (a > b ? 1 : a === b ? 0 : -1); // NaN: less, so that > and >= fail
const trailing = (value) => 31 - Math.clz32(value & -value);
const bits = (value) => { let n = 0; for (let v = value; v; v &= v - 1) n += 1; return n; };
const power = (base, exponent) => base ** exponent;

/** CRC with reflected input and output, as zlib's for 32 bits. */
const crc = (c, polynomial) => {
  let value = ~c.int(0);
  for (const byte of c.bytes(c.u(1), c.u(2))) {
    value ^= byte;
    for (let i = 0; i < 8; i += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  }
  return ~value;
};

/** div_t: quotient and remainder in two registers. */
const quotient = (c) => BigInt.asUintN(32, BigInt((c.int(0) / c.int(1)) | 0)) | (BigInt(c.int(0) % c.int(1)) << 32n);

export const ARITHMETIC = {
  div: quotient, ldiv: quotient,
  abs: (c) => Math.abs(c.int(0)), labs: (c) => Math.abs(c.int(0)),
  __divsi3: (c) => (c.int(0) / c.int(1)) | 0, __modsi3: (c) => c.int(0) % c.int(1),
  __udivsi3: (c) => (c.u(0) / c.u(1)) | 0, __umodsi3: (c) => c.u(0) % c.u(1) | 0,
  __clzsi2: (c) => Math.clz32(c.int(0)), __ctzsi2: (c) => (c.int(0) ? trailing(c.int(0)) : 32),
  __ffssi2: (c) => (c.int(0) ? trailing(c.int(0)) + 1 : 0), __popcountsi2: (c) => bits(c.int(0)),
  __popcountdi2: (c) => bits(c.int(0)) + bits(c.int(1)), __paritysi2: (c) => bits(c.int(0)) & 1,
  __clzdi2: (c) => (c.int(1) ? Math.clz32(c.int(1)) : 32 + Math.clz32(c.int(0))),
  __ctzdi2: (c) => (c.int(0) ? trailing(c.int(0)) : 32 + trailing(c.int(1))),
  __ffsdi2: (c) => (c.int(0) ? trailing(c.int(0)) + 1 : c.int(1) ? trailing(c.int(1)) + 33 : 0),
  __bswapsi2: (c) => {
    view.setInt32(0, c.int(0), true);
    return view.getInt32(0, false);
  },
  __bswapdi2: (c) => {
    view.setBigInt64(0, c.long(0), true);
    return view.getBigInt64(0, false);
  },
  __ashldi3: (c) => wrap(c.long(0) << BigInt(c.u(2) & 63)), __ashrdi3: (c) => c.long(0) >> BigInt(c.u(2) & 63),
  __lshrdi3: (c) => wrap(unsigned(c, 0) >> BigInt(c.u(2) & 63)), __negdi2: (c) => wrap(-c.long(0)),
  __muldi3: (c) => wrap(c.long(0) * c.long(2)),
  __divdi3: (c) => (c.long(2) ? wrap(c.long(0) / c.long(2)) : 0n), __moddi3: (c) => (c.long(2) ? c.long(0) % c.long(2) : 0n),
  __udivdi3: (c) => (c.long(2) ? wrap(unsigned(c, 0) / unsigned(c, 2)) : 0n),
  __umoddi3: (c) => (c.long(2) ? wrap(unsigned(c, 0) % unsigned(c, 2)) : 0n),
  __adddf3: (c) => fromDouble(double(c, 0) + double(c, 2)), __subdf3: (c) => fromDouble(double(c, 0) - double(c, 2)),
  __muldf3: (c) => fromDouble(double(c, 0) * double(c, 2)), __divdf3: (c) => fromDouble(double(c, 0) / double(c, 2)),
  __negdf2: (c) => fromDouble(-double(c, 0)), __powidf2: (c) => fromDouble(power(double(c, 0), c.int(2))),
  __addsf3: (c) => fromSingle(single(c, 0) + single(c, 1)), __subsf3: (c) => fromSingle(single(c, 0) - single(c, 1)),
  __mulsf3: (c) => fromSingle(single(c, 0) * single(c, 1)), __divsf3: (c) => fromSingle(single(c, 0) / single(c, 1)),
  __powisf2: (c) => fromSingle(power(single(c, 0), c.int(1))),
  __extendsfdf2: (c) => fromDouble(single(c, 0)), __truncdfsf2: (c) => fromSingle(double(c, 0)),
  __fixdfsi: (c) => clampInt(double(c, 0)), __fixsfsi: (c) => clampInt(single(c, 0)),
  __fixunsdfsi: (c) => toUnsigned(double(c, 0)), __fixunssfsi: (c) => toUnsigned(single(c, 0)),
  __fixdfdi: (c) => toLong(double(c, 0)), __fixsfdi: (c) => toLong(single(c, 0)), __fixunssfdi: (c) => toLong(single(c, 0)),
  __floatsidf: (c) => fromDouble(c.int(0)), __floatunsidf: (c) => fromDouble(c.u(0)), __floatsisf: (c) => fromSingle(c.int(0)),
  __floatunsisf: (c) => fromSingle(c.u(0)), __floatdidf: (c) => fromDouble(Number(c.long(0))),
  __floatundidf: (c) => fromDouble(Number(unsigned(c, 0))), __floatdisf: (c) => fromSingle(Number(c.long(0))),
  __floatundisf: (c) => fromSingle(Number(unsigned(c, 0))),
  __eqdf2: (c) => order(double(c, 0), double(c, 2)), __ledf2: (c) => order(double(c, 0), double(c, 2)),
  __ltdf2: (c) => order(double(c, 0), double(c, 2)), __gtdf2: (c) => orderLow(double(c, 0), double(c, 2)),
  __gedf2: (c) => orderLow(double(c, 0), double(c, 2)),
  __eqsf2: (c) => order(single(c, 0), single(c, 1)), __lesf2: (c) => order(single(c, 0), single(c, 1)),
  __ltsf2: (c) => order(single(c, 0), single(c, 1)), __gtsf2: (c) => orderLow(single(c, 0), single(c, 1)),
  __gesf2: (c) => orderLow(single(c, 0), single(c, 1)),
  __unorddf2: (c) => (Number.isNaN(double(c, 0)) || Number.isNaN(double(c, 2)) ? 1 : 0),
  __unordsf2: (c) => (Number.isNaN(single(c, 0)) || Number.isNaN(single(c, 1)) ? 1 : 0),
  crc32_le: (c) => crc(c, 0xedb88320), mz_crc32: (c) => crc(c, 0xedb88320),
  esp_crc8: (c) => crc8(c.bytes(c.u(0), c.u(1))),
};
