// Traces: runs of instructions as one JavaScript function, with the window's registers in its variables.
//
// A trace begins at one address, follows the code downwards over forward branches inside it, and may loop to its own begin. It
// leaves with the pc, the cycles used and the registers written back. Before an instruction that needs more than its text (a
// window overflow, a division by 0, a change of state) it sets `bail`, and the interpreter takes that one.
import { BRANCH, constant, DIVISION, FLOAT, HELPERS, PLAIN, steps } from './instructions.mjs';
import { expand } from './interpret.mjs';
import { LINE_SHIFT, missing } from '../flash_cache.mjs';
import { Pipeline, REFILL } from './timing.mjs';
import { SPECIAL } from './windows.mjs';

const LONGEST = 96;
const SKIP = 64; // bytes that may lie between the end of one part of a trace and the next
const TEXTS = { ...PLAIN, ...FLOAT, ...DIVISION };
const HANDLERS = { rfwo: 1, rfwu: 2 }; // the ends of the windows' handlers: 2 makes the window live
const UNDERFLOW = 3; // a return to a window that is not there
const ENDS = new Set([...Object.keys(HANDLERS), 'j', 'jx', 'ret', 'ret.n', 'retw', 'retw.n', 'call0', 'callx0', 'call', 'callx', 'wsr', 'xsr']);
const WINDOWS = new Set([...Object.keys(HANDLERS), 'retw', 'retw.n']);
const LOOPS = new Set(['loop', 'loopnez', 'loopgtz']);
const INSIDE = new Set(['rsr', 'rsil', 'entry', ...LOOPS]);

/** A function(core) for the code at `start`, or null where the first instruction is the interpreter's. */
export function translate(code, start) {
  const trace = new Trace(code, start);
  trace.gather();
  return trace.list.length ? trace.make() : null;
}

class Trace {
  constructor(code, start) {
    this.code = code;
    this.start = start;
    this.list = [];
    this.targets = new Set();
    this.used = new Set();
    this.dirty = new Set();
    this.lines = [];
    this.pipeline = new Pipeline();
    this.touched = new Set(); // cache lines that are there for sure
    this.touchedAt = new Map(); // the same where a label is reached from first
    this.k = 0; // cycles since the last point at which n was brought up to date
    this.end = start;
  }

  // ---- which instructions ----

  gather() {
    let pc = this.start;
    while (this.list.length < LONGEST) {
      const d = this.code.at(pc);
      if (!d || !this.takes(d)) break;
      this.list.push(d);
      if (d.name in BRANCH && d.imm > pc) this.targets.add(d.imm);
      this.end = pc = d.next;
      if (!ENDS.has(d.name) && !LOOPS.has(d.name)) continue;
      const onward = this.nextPart(d);
      if (onward === null) break;
      pc = onward;
    }
    this.complete = this.list.length > 0 && ENDS.has(this.list[this.list.length - 1].name);
  }

  takes(d) {
    if (d.name === 'entry') return d.pc === this.start;
    return d.name in TEXTS || d.name in BRANCH || ENDS.has(d.name) || INSIDE.has(d.name);
  }

  /** Where the trace goes on behind an instruction that never falls through: at a branch's target shortly behind. */
  nextPart(d) {
    if (LOOPS.has(d.name)) return null;
    const ahead = [...this.targets].filter((target) => target >= d.next && target <= d.next + SKIP);
    return ahead.length ? Math.min(...ahead) : null;
  }

  // ---- text ----

  read(n) {
    this.used.add(n);
    return `a${n}`;
  }

  write(n) {
    this.used.add(n);
    this.dirty.add(n);
    return `a${n}`;
  }

  token(d, token) {
    switch (token) {
      case '$r': return this.read(d.r);
      case '$s': return this.read(d.s);
      case '$t': return this.read(d.t);
      case '$R': return this.write(d.r);
      case '$S': return this.write(d.s);
      case '$T': return this.write(d.t);
      case '$i': return `${d.imm}`;
      case '$n': return `${d.mask}`;
      case '$c': return `${constant(d)}`;
      case '$l': return this.code.bus.literal(d.imm);
      case '@': return `c.pc=${d.pc},c.m=n+${this.k},`;
      default: return `${d[token[1]]}`; // #r, #s, #t
    }
  }

  put(text) {
    this.lines.push(text);
  }

  leave(to) {
    return `{n+=${this.k};p=${to};break X;}`;
  }

  bail(d, cost) {
    return `{n+=${this.k - cost};p=${d.pc};c.bail=true;break X;}`;
  }

  /** A jump to an address that is known: round this trace, forward in it, or out. */
  go(to, extra = 0) {
    const n = `n+=${this.k + extra};`;
    if (to === this.start && this.list[0].name !== 'entry') return `{${n}if(n<c.limit-c.n&&!c.irq)continue X;p=${to};break X;}`;
    if (this.labels.includes(to) && this.index.get(to) > this.here) {
      if (!this.touchedAt.has(to)) this.touchedAt.set(to, [...this.touched]);
      return `{${n}break L${to};}`;
    }
    return `{${n}p=${to};break X;}`;
  }

  make() {
    this.index = new Map(this.list.map((d, i) => [d.pc, i]));
    this.labels = [...this.targets].filter((to) => this.index.has(to) && to !== this.start).sort((a, b) => b - a);
    this.list.forEach((d, i) => this.instruction(d, i));
    if (!this.complete) this.put(this.leave(this.end));
    return this.compile();
  }

  instruction(d, i) {
    this.here = i;
    if (this.labels.includes(d.pc)) {
      this.put(`n+=${this.k};}`);
      this.k = 0;
      this.pipeline = new Pipeline();
      this.touched = new Set(this.touchedAt.get(d.pc));
    }
    if (this.code.bus.isFlash(d.pc)) this.touch(d.pc, d.next - 1);
    const cost = this.pipeline.take(d);
    this.k += cost;
    if (d.name in DIVISION) this.divisor(d, cost);
    if (d.name === 'l32r' && this.code.bus.isFlash(d.imm)) this.touch(d.imm);
    if (d.name in TEXTS) this.put(expand(TEXTS[d.name], (token) => this.token(d, token)));
    else if (d.name in BRANCH) this.put(`if(${expand(BRANCH[d.name], (token) => this.token(d, token))})${this.go(d.imm, REFILL)}`);
    else this[CONTROL[d.name]](d, cost);
    if (this.code.loopEnds.has(d.next) && !ENDS.has(d.name)) this.closeLoop(d.next);
  }

  /** The cache lines of addresses are fetched where they are not there. */
  touch(...addresses) {
    for (const line of new Set(addresses.map((a) => a >>> LINE_SHIFT))) {
      if (!this.touched.has(line) && this.code.bus.cached) this.put(`if(${missing(line)})c.fill(${line});`);
      this.touched.add(line);
    }
  }

  divisor(d, cost) {
    this.put(`if(${this.read(d.t)}===0)${this.bail(d, cost)}`);
    this.put(`n+=${expand(steps(d.name), (token) => this.token(d, token))};`);
  }

  closeLoop(next) {
    this.put(`if(c.lend===${next}&&c.lcount!==0&&!(c.ps&16)){c.lcount=c.lcount-1|0;n+=${this.k};` +
      `if(c.lbeg===${this.start}&&n<c.limit-c.n&&!c.irq)continue X;p=c.lbeg;break X;}`);
  }

  jump(d) {
    this.put(this.go(d.imm));
  }

  jumpRegister(d) {
    this.put(this.leave(this.read(d.s)));
  }

  return0() {
    this.put(this.leave(this.read(0)));
  }

  call0(d) {
    this.put(`${this.write(0)}=${d.next};${this.leave(d.imm)}`);
  }

  callRegister0(d) {
    this.put(`v=${this.read(d.s)};${this.write(0)}=${d.next};${this.leave('v')}`);
  }

  call(d) {
    this.put(`${this.callText(d)}${this.leave(d.imm)}`);
  }

  callRegister(d) {
    this.put(`v=${this.read(d.s)};${this.callText(d)}${this.leave('v')}`);
  }

  callText(d) {
    return `${this.write(d.n * 4)}=${(d.n << 30) | (d.next & 0x3fffffff)};c.ps=c.ps&~0x30000|${d.n << 16};`;
  }

  returnWindow(d, cost) {
    this.put(`A=${this.read(0)};v=w-(A>>>28&12)&63;` +
      `if(A>>>30===0||!(c.ws>>>(v>>2)&1)||c.ps&16){n+=${this.k - cost + d.cycles};p=${d.pc};handler=${UNDERFLOW};break X;}` +
      `ret=v;${this.leave(`A&0x3fffffff|${d.pc & 0xc0000000}`)}`);
  }

  /** The handler's registers must be back before the window turns, if the turn is not over before that. */
  endHandler(d, cost) {
    const before = this.k - cost;
    const over = this.here ? `if(n+${before}>=c.limit-c.n||c.irq){n+=${before};break X;}` : '';
    this.put(`p=${d.pc};${over}n+=${this.k};handler=${HANDLERS[d.name]};break X;`);
  }

  loop(d) {
    const count = this.read(d.s);
    this.put(`A=${count};c.lcount=A-1|0;c.lbeg=${d.next};c.lend=${d.imm};`);
    if (d.name !== 'loop') this.put(`if(A${d.name === 'loopnez' ? '===' : '<='}0)${this.leave(d.imm)}`);
    this.put(this.leave(d.next));
  }

  entry() {
    this.k = 0; // counted by the prologue
  }

  readSpecial(d) {
    this.put(`c.m=n+${this.k};${this.write(d.t)}=c.read(${d.imm});`);
  }

  setLevel(d) {
    this.put(`${this.write(d.t)}=c.ps;c.ps=c.ps&~15|${d.imm};c.check();if(c.irq)${this.leave(d.next)}`);
  }

  writeSpecial(d) {
    const value = this.read(d.t);
    this.put(`c.pc=${d.pc};c.m=n+${this.k};A=${value};`);
    if (d.name === 'xsr') this.put(`${this.write(d.t)}=c.read(${d.imm});`);
    this.put(`c.write(${d.imm},A);`);
    if (this.code.loopEnds.has(d.next)) this.closeLoop(d.next);
    this.put(this.leave(d.next));
  }

  // ---- the function ----

  compile() {
    const top = Math.max(0, ...this.list.map((d) => d.top));
    const offset = (n) => (n ? `R[w+${n}&63]` : 'R[w]');
    const back = [...this.dirty].map((n) => `${offset(n)}=a${n};`).join('');
    const float = this.list.some((d) => d.float);
    const handler = this.list.some((d) => WINDOWS.has(d.name)) ? `if(handler)handler===${UNDERFLOW}?c.leave():c.leaveWindowHandler(handler===${HANDLERS.rfwu});` : '';
    const text = [
      'return function(c){',
      float ? `if(!(c.special[${SPECIAL.cpenable}]&1)){c.bail=true;return;}const F=c.F,I=c.I;` : '',
      `const R=c.R${this.code.bus.cached ? ',T=c.tags' : ''};let n=0;`,
      this.list[0].name === 'entry' ? prologue(this.list[0], top) : top ? `if(${top}>=c.room){c.bail=true;return;}` : '',
      `const w=c.w;let A=0,v=0,ret=-1,p=0,handler=0${[...this.used].map((n) => `,a${n}=${offset(n)}`).join('')};`,
      `try{X:for(;;){${this.labels.map((to) => `L${to}:{`).join('')}${this.lines.join('\n')}break;}}catch(e){${back}c.n+=c.m;throw e;}`, // a bad access: registers as they are before it
      back,
      'if(ret>=0){c.ws&=~(1<<(w>>2));c.w=ret;c.measure();}',
      `c.pc=p;c.n+=n;c.m=0;${handler}}`,
    ].join('');
    const { bus } = this.code;
    const names = ['B', 'D8', 'D16', 'D32', 'M32', ...Object.keys(HELPERS)];
    return new Function(...names, `'use strict';${text}`)(bus, bus.D8, bus.D16, bus.D32, bus.M32, ...Object.values(HELPERS));
  }
}

/** The window turns before anything else; where the rest of the trace needs more room than there is, only the entry is done. */
function prologue(d, top) {
  return `{const turn=c.ps>>16&3;if(turn>=c.room||(c.ps&0x40010)!==0x40000){c.bail=true;return;}` +
    `const w=c.w,v=w+turn*4&63;R[v+${d.s}&63]=R[w+${d.s}&63]-${d.imm}|0;c.w=v;c.ws|=1<<(v>>2);c.measure();n=1;` +
    `if(${top}>=c.room){c.pc=${d.next};c.n+=1;return;}}`;
}

const CONTROL = {
  'j': 'jump', 'jx': 'jumpRegister', 'ret': 'return0', 'ret.n': 'return0', 'call0': 'call0', 'callx0': 'callRegister0', 'call': 'call',
  'callx': 'callRegister', 'retw': 'returnWindow', 'retw.n': 'returnWindow', 'loop': 'loop', 'loopnez': 'loop', 'loopgtz': 'loop',
  'rfwo': 'endHandler', 'rfwu': 'endHandler', 'entry': 'entry', 'rsr': 'readSpecial', 'rsil': 'setLevel', 'wsr': 'writeSpecial', 'xsr': 'writeSpecial',
};
