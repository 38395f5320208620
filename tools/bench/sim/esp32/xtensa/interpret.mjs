// One function an instruction, made from the texts: for code that runs seldom, and for what traces leave out.
import { BRANCH, constant, DIVISION, FLOAT, HELPERS, PLAIN, steps } from './instructions.mjs';
import { multiplyAccumulate } from './mac16.mjs';
import { CAUSE } from './windows.mjs';
import { REFILL } from './timing.mjs';

const register = (letter) => `R[w+d.${letter.toLowerCase()}&63]`;
const TOKENS = {
  $i: 'd.imm', $n: 'd.mask', $c: 'd.constant', $l: 'B.r32(d.imm)', '#r': 'd.r', '#s': 'd.s', '#t': 'd.t', '@': '',
  $r: register('r'), $s: register('s'), $t: register('t'), $R: register('r'), $S: register('s'), $T: register('t'),
};
export const expand = (text, tokens) => text.replace(/[$#][a-zA-Z]|@/g, (token) => tokens(token));

/** {name: function(core, instruction) -> whether it set the pc itself}. bus: {r8, r16, r32, w8, w16, w32, D8, D16, D32}. */
export function interpreters(bus) {
  const names = ['B', 'D8', 'D16', 'D32', ...Object.keys(HELPERS)];
  const values = [bus, bus.D8, bus.D16, bus.D32, ...Object.values(HELPERS)];
  const make = (text) => {
    const body = expand(text, (token) => TOKENS[token]);
    const source = `return function(c,d){const R=c.R,w=c.w,F=c.F,I=c.I;let A=0,v=0;${body}return false;}`;
    return new Function(...names, source)(...values);
  };
  const made = { ...CONTROL, mac16: (c, d) => (multiplyAccumulate(c, d.word, bus), false) };
  for (const [name, text] of Object.entries({ ...PLAIN, ...FLOAT })) made[name] = make(text);
  for (const [name, text] of Object.entries(DIVISION)) made[name] = make(`if($t===0){c.exception(${CAUSE.divide});return true;}c.n+=${steps(name)};${text}`);
  for (const [name, text] of Object.entries(BRANCH)) made[name] = make(`if(${text}){c.pc=d.imm;c.n+=${REFILL};return true;}`);
  return made;
}

const jump = (c, to) => {
  c.pc = to;
  return true;
};
/** What changes the flow or the state of the core. */
const CONTROL = {
  'j': (c, d) => jump(c, d.imm),
  'jx': (c, d) => jump(c, c.get(d.s)),
  'ret': (c) => jump(c, c.get(0)), 'ret.n': (c) => jump(c, c.get(0)),
  'call0': (c, d) => {
    c.put(0, d.next);
    return jump(c, d.imm);
  },
  'callx0': (c, d) => {
    const to = c.get(d.s);
    c.put(0, d.next);
    return jump(c, to);
  },
  'call': (c, d) => {
    c.prepareCall(d.n, d.next);
    return jump(c, d.imm);
  },
  'callx': (c, d) => {
    const to = c.get(d.s);
    c.prepareCall(d.n, d.next);
    return jump(c, to);
  },
  'entry': (c, d) => (c.windowed ? c.enter(d) : c.illegal('entry without windows'), true),
  'retw': (c) => (c.leave(), true), 'retw.n': (c) => (c.leave(), true),
  'movsp': (c, d) => {
    const base = c.w >> 2;
    if (![1, 2, 3].some((k) => (c.ws >> ((base - k) & 15)) & 1)) return c.exception(CAUSE.alloca), true;
    c.put(d.t, c.get(d.s));
    return false;
  },
  'rotw': (c, d) => (c.turnTo((c.w >> 2) + d.imm), false),
  'loop': (c, d) => (c.startLoop(d, c.get(d.s)), false),
  'loopnez': (c, d) => (c.startLoop(d, c.get(d.s)), c.get(d.s) === 0 && jump(c, d.imm)),
  'loopgtz': (c, d) => (c.startLoop(d, c.get(d.s)), c.get(d.s) <= 0 && jump(c, d.imm)),
  'rsr': (c, d) => (c.put(d.t, c.read(d.imm)), false),
  'wsr': (c, d) => (c.write(d.imm, c.get(d.t)), false),
  'xsr': (c, d) => { // the register first: the write may turn the window
    const value = c.get(d.t);
    c.put(d.t, c.read(d.imm));
    c.write(d.imm, value);
    return false;
  },
  'rsil': (c, d) => {
    c.put(d.t, c.ps);
    c.ps = (c.ps & ~15) | d.imm;
    c.check();
    return false;
  },
  'waiti': (c, d) => {
    c.ps = (c.ps & ~15) | d.imm;
    c.pc = d.next;
    c.waiting = true;
    c.check();
    return true;
  },
  'rfe': (c) => {
    c.ps &= ~16;
    c.pc = c.special[177];
    c.measure();
    c.check();
    return true;
  },
  'rfde': (c) => jump(c, c.special[192]),
  'rfwo': (c) => (c.leaveWindowHandler(false), true),
  'rfwu': (c) => (c.leaveWindowHandler(true), true),
  'rfi': (c, d) => {
    c.pc = c.special[176 + d.imm];
    c.setPs(c.special[192 + d.imm]);
    return true;
  },
  'syscall': (c) => (c.exception(CAUSE.syscall), true),
  'break': (c) => (c.illegal('break'), true), 'break.n': (c) => (c.illegal('break'), true),
  'ill': (c) => (c.illegal('no instruction'), true),
};

/** What the texts' $n and $c stand for. */
export function prepare(d, word) {
  d.word = word;
  d.mask = -1 >>> (31 - d.n) | 0;
  d.constant = constant(d);
  d.float = d.name in FLOAT;
}
