// Functions of the ROM's newlib that take memory from the program's heap.
import { callBack } from './jumps.mjs';

/** Where the program has put the table of what the ROM's newlib calls (esp_rom, libc_stubs.h), and two functions in it. */
export const STUBS = 0x3ffae024;
const GETREENT = 0;
const MALLOC = 4;

/** A copy of the C string at `from`, of `limit` characters at most; 0 where the heap has no room. */
function copied(c, from, limit) {
  const count = c.length(from, limit);
  const { pc } = c.core;
  const stubs = c.memory.r32(STUBS);
  const reent = callBack(c, c.memory.r32(stubs + GETREENT));
  const to = callBack(c, c.memory.r32(stubs + MALLOC), reent, count + 1) >>> 0;
  c.core.pc = pc;
  if (!to) return 0;
  c.bytes(from, count).forEach((byte, k) => c.setByte(to + k, byte));
  c.setByte(to + count, 0);
  return to | 0;
}

export const HEAP = {
  strdup: (c) => copied(c, c.u(0)),
  _strdup_r: (c) => copied(c, c.u(1)),
  strndup: (c) => copied(c, c.u(0), c.u(1)),
  _strndup_r: (c) => copied(c, c.u(1), c.u(2)),
};
