// Cycles of the LX6 (seven-stage pipeline), beside waits for memory that answers later than its core's own RAM.
//
// Cadence publishes no table for this configuration. The figures follow the pipeline that the ISA manual and the compiler's
// machine description (gcc, xtensa.md) imply: results of a load, a multiplication or a float operation can be used late.

const COSTS = { mull: 2, muluh: 2, mulsh: 2, mul16u: 1, mul16s: 1, quou: 13, quos: 13, remu: 13, rems: 13, s32c1i: 8, waiti: 3 };
/** A jump empties the pipeline behind the fetch. */
const JUMP = 2;
const JUMPS = new Set(['j', 'jx', 'call0', 'callx0', 'call', 'callx', 'ret', 'ret.n', 'retw', 'retw.n']);
const LOADS = new Set(['l8ui', 'l16ui', 'l16si', 'l32i', 'l32i.n', 'l32r']);

export const TAKEN = JUMP;

/** Cycles of instruction `d` when `before` is the one executed before it (null: unknown), a conditional branch not taken. */
export function cycles(d, before) {
  const own = (COSTS[d.name] ?? 1) + (JUMPS.has(d.name) ? JUMP : 0);
  return own + (before && LOADS.has(before.name) && reads(d, before.t) ? 1 : 0);
}

/** Whether d needs address register n at once: its field s always, t unless it is a target. */
function reads(d, n) {
  return d.s === n || (d.t === n && !LOADS.has(d.name));
}
