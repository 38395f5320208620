// Cycles of the LX6, beside the waits for flash and units. Cadence publishes no table of this configuration; the sources are:
//
//   latency    a load's result can be used two cycles later than others (ESP-IDF, core-isa.h: XCHAL_DATA_PIPE_DELAY of 2, seven
//              stages); GCC's machine description (config/xtensa/xtensa.md): one cycle later that of a multiplication, a conversion
//              or a read of a special register, three that of a float sum or product
//   refill     measured: a loop of decrement and branch takes 5 cycles (pcm1723.hateblo.jp, 17 April 2018), so a taken branch takes 4
//   throughput measured: one integer or float product a cycle, a short division in two (WLED issue 4206)
//   assumed    a division's steps, S32C1I's round trip to memory, the same refill for every jump, exception and interrupt
import { BRANCH, DIVISION, FLOAT, PLAIN } from './instructions.mjs';

export const REFILL = 3;
const COSTS = { quou: 2, quos: 2, remu: 2, rems: 2, s32c1i: 8, waiti: 3 };
const JUMPS = new Set(['j', 'jx', 'call0', 'callx0', 'call', 'callx', 'ret', 'ret.n', 'retw', 'retw.n', 'rfe', 'rfde', 'rfi', 'rfwo', 'rfwu']);
const LOADS = new Set(['l8ui', 'l16ui', 'l16si', 'l32i', 'l32i.n', 'l32r', 'l32e', 'lsi', 'lsip', 'lsx', 'lsxp']);
const PRODUCTS = ['rsr', 'mul16u', 'mul16s', 'mull', 'muluh', 'mulsh', 'round.s', 'trunc.s', 'floor.s', 'ceil.s', 'utrunc.s', 'float.s', 'ufloat.s'];
const FLOATS = ['add.s', 'sub.s', 'mul.s', 'madd.s', 'msub.s', 'maddn.s', 'divn.s'];
const LATENCY = Object.fromEntries([[[...LOADS], 2], [PRODUCTS, 1], [FLOATS, 3]].flatMap(([names, late]) => names.map((name) => [name, late])));
const OTHERS = { 'jx': '$s', 'callx': '$s', 'callx0': '$s', 'wsr': '$t', 'xsr': '$t', 'rsr': '$T', 'loop': '$s', 'loopnez': '$s', 'loopgtz': '$s' };
const TEXTS = { ...PLAIN, ...FLOAT, ...DIVISION, ...BRANCH, ...OTHERS };

/** Cycles of an instruction by itself, a conditional branch not taken. */
export const cycles = (d) => (COSTS[d.name] ?? 1) + (JUMPS.has(d.name) ? REFILL : 0);

/** {reads, writes}: registers of an instruction as its text names them, `$s` of the address file, `#r` of the float file. */
function operands(name) {
  const text = TEXTS[name] ?? '';
  const found = (pattern, sign) => [...text.matchAll(pattern)].map(([, letter]) => sign + letter.toLowerCase());
  const writes = [...found(/\$([RST])/g, '$'), ...found(/[FI]\[#([rst])\]=(?!=)/g, '#')];
  const reads = [...found(/\$([rst])/g, '$'), ...found(/[FI]\[#([rst])\](?!=[^=])/g, '#')];
  if (LOADS.has(name)) return { reads: reads.filter((one) => one === '$s' || (one === '$t' && !writes.includes('$t'))), writes };
  return { reads, writes };
}
const OPERANDS = Object.fromEntries(Object.keys(TEXTS).map((name) => [name, operands(name)]));
const NONE = { reads: [], writes: [] };

/** Instructions one after the other: who needs a result that is not there yet waits. */
export class Pipeline {
  constructor() {
    this.clock = 0;
    this.ready = new Map();
  }

  /** Cycles of the next instruction. */
  take(d) {
    const { reads, writes } = OPERANDS[d.name] ?? NONE;
    const register = (one) => one[0] + d[one[1]];
    const wait = Math.max(0, ...reads.map((one) => (this.ready.get(register(one)) ?? 0) - this.clock));
    const cost = cycles(d) + wait;
    this.clock += cost;
    const late = (one) => (one === '$s' && LOADS.has(d.name) ? 0 : (LATENCY[d.name] ?? 0)); // an incremented address is there at once
    for (const one of writes) this.ready.set(register(one), this.clock + late(one));
    return cost;
  }
}
