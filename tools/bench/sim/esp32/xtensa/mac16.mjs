// The MAC16 option: a 40-bit accumulator and four registers. Source: ISA Reference Manual, 4.3.7.
import { SPECIAL } from './windows.mjs';

/** One instruction of op0 = 4; word: its 24 bits. */
export function multiplyAccumulate(core, word, bus) {
  const op1 = (word >> 16) & 15;
  const op2 = (word >> 20) & 15;
  const [r, s, t] = [(word >> 12) & 15, (word >> 8) & 15, (word >> 4) & 15];
  const m = (n) => core.special[32 + n];
  const loads = [0, 1, 4, 5, 8, 9].includes(op2);
  const step = op2 === 0 || op2 === 4 || op2 === 8 ? 4 : -4;
  const at = loads ? core.get(s) + step : 0;
  const loaded = loads ? bus.r32(at) : 0;
  if (op2 < 8) accumulate(core, op1, ...operands(core, op2, r, s, t, m));
  if (!loads) return;
  core.special[32 + (r & 3)] = loaded;
  core.put(s, at);
}

function operands(core, op2, r, s, t, m) {
  const x = m((r >> 2) & 1);
  const y = m(2 + ((t >> 2) & 1));
  if (op2 <= 2) return [x, y];
  if (op2 === 3) return [core.get(s), y];
  return op2 === 7 ? [core.get(s), core.get(t)] : [x, core.get(t)];
}

function accumulate(core, op1, first, second) {
  const half = (value, high) => (high ? value >>> 16 : value & 0xffff);
  let a = half(first, op1 & 1);
  let b = half(second, op1 & 2);
  if (op1 >= 4) {
    a = (a << 16) >> 16;
    b = (b << 16) >> 16;
  }
  const before = op1 < 8 ? 0 : ((core.special[SPECIAL.acchi] << 24) >> 24) * 2 ** 32 + (core.special[SPECIAL.acclo] >>> 0);
  const sum = op1 >= 12 ? before - a * b : before + a * b;
  core.special[SPECIAL.acclo] = sum | 0;
  core.special[SPECIAL.acchi] = (Math.floor(sum / 2 ** 32) << 24) >> 24;
}
