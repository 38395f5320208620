// setjmp, longjmp and qsort: the functions of the ROM that work on register windows or call back.
import { JUMPED } from './call.mjs';

const RETURN = 64; // offset of the return address in a jmp_buf
const BACK = 0x4006fff0; // an address in ROM that no function has: a called function returns there

/** Writes every older window to its place on the stack, as the overflow handlers do (ISA manual 4.7.1.5). */
export function spill(memory, core) {
  const current = core.w >> 2;
  const live = [];
  for (let k = 1; k < 16; k += 1) if ((core.ws >> ((current + k) & 15)) & 1) live.push((current + k) & 15); // oldest first
  for (let i = 0; i < live.length; i += 1) spillOne(memory, core, live[i], ((live[i + 1] ?? current) - live[i]) & 15);
  core.measure();
}

/** The window at group `base`, of `size` groups. */
function spillOne(memory, core, base, size) {
  const { R } = core;
  const first = base * 4;
  const stack = R[(first + size * 4 + 1) & 63];
  for (let n = 0; n < 4; n += 1) memory.w32(stack - 16 + 4 * n, R[first + n]);
  const area = size > 1 ? memory.r32(R[first + 1] - 12) - (size === 2 ? 32 : 48) : 0;
  for (let n = 4; n < size * 4; n += 1) memory.w32(area + 4 * (n - 4), R[(first + n) & 63]);
  core.ws &= ~(1 << base);
}

function setjmp(c) {
  const { core, memory } = c;
  const buffer = c.u(0);
  spill(memory, core);
  for (let n = 0; n < c.first; n += 1) memory.w32(buffer + 4 * n, core.get(n));
  memory.w32(buffer + RETURN, c.from);
  return 0;
}

/** The window of setjmp's caller is the only one that stays; `turn` registers lie between it and the callee. */
function restore(memory, core, buffer, value) {
  const to = memory.r32(buffer + RETURN);
  const turn = (to >>> 30) * 4;
  core.ws = 1 << (core.w >> 2);
  for (let n = 0; n < turn; n += 1) core.put(n, memory.r32(buffer + 4 * n));
  core.put(turn + 2, value || 1);
  core.measure();
  core.pc = 0x40000000 | (to & 0x3fffffff);
}

/** ESP-IDF's longjmp has turned the window already: a2 is the buffer, a3 the value. */
export function insideLongjmp(chip, core) {
  const [buffer, value] = [core.get(2) >>> 0, core.get(3)];
  core.turnTo((core.w >> 2) - (chip.memory.r32(buffer + RETURN) >>> 30));
  restore(chip.memory, core, buffer, value);
}

/** Runs a function of the program to its return, with interrupts off; its value. */
export function callBack({ core }, address, ...values) {
  const kept = Array.from({ length: 8 }, (_, n) => core.get(8 + n));
  const { ps } = core;
  core.setPs((ps & ~0x3000f) | (2 << 16) | 15);
  core.put(8, (2 << 30) | (BACK & 0x3fffffff));
  values.forEach((value, n) => core.put(10 + n, value));
  core.pc = address;
  core.runTo(BACK);
  const value = core.get(10);
  kept.forEach((old, n) => core.put(8 + n, old));
  core.setPs(ps);
  return value;
}

function qsort(c) {
  const [base, count, size, compare] = [c.u(0), c.u(1), c.u(2), c.u(3)];
  const { pc } = c.core;
  const item = (i) => c.bytes(base + i * size, size);
  const place = (i, bytes) => bytes.forEach((byte, k) => c.setByte(base + i * size + k, byte));
  for (let i = 1; i < count; i += 1) {
    for (let j = i; j > 0 && callBack(c, compare, base + (j - 1) * size, base + j * size) > 0; j -= 1) {
      const [low, high] = [item(j - 1), item(j)];
      place(j - 1, high);
      place(j, low);
    }
  }
  c.core.pc = pc;
  return 0;
}

export const JUMPS = {
  setjmp,
  longjmp: (c) => {
    restore(c.memory, c.core, c.u(0), c.int(1));
    return JUMPED;
  },
  qsort,
};
