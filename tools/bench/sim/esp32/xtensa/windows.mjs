// Register windows, exceptions, interrupts and special registers of one Xtensa core: everything that changes PS.
// Source: Xtensa ISA Reference Manual, 4.4 (exceptions, interrupts) and 4.7.1 (windowed registers).
import { REFILL } from './timing.mjs';

export const SPECIAL = {
  lbeg: 0, lend: 1, lcount: 2, sar: 3, br: 4, scompare: 12, acclo: 16, acchi: 17, windowBase: 72, windowStart: 73, epc: 176, depc: 192, eps: 192,
  cpenable: 224, interrupt: 226, intclear: 227, intenable: 228, ps: 230, vecbase: 231, cause: 232, ccount: 234, prid: 235, vaddr: 238,
  ccompare: 240,
};
const EXCM = 16;
const UM = 32;
const WOE = 0x40000;
const PS_BITS = 0x70f3f;
const EXCM_LEVEL = 3;
// ESP32: the level of each of the 32 interrupts, the ones that latch an edge, software's and the three of CCOMPARE (TRM 3.3.2).
const LEVELS = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 7, 3, 5, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 3, 4, 3, 4, 5];
const AT_LEVEL = Array.from({ length: 8 }, (_, level) => LEVELS.reduce((m, l, n) => (l === level ? m | (1 << n) : m), 0));
export const EDGES = (1 << 10) | (1 << 22) | (1 << 28) | (1 << 30);
const SOFTWARE = (1 << 7) | (1 << 29);
export const COMPARES = [6, 15, 16];
export const INTERNAL = SOFTWARE | (1 << 6) | (1 << 11) | (1 << 15) | (1 << 16);
const VECTORS = [0, 0, 0x180, 0x1c0, 0x200, 0x240, 0x280, 0x2c0];
const KERNEL = 0x300;
const USER = 0x340;
const DOUBLE = 0x3c0;
const OVERFLOW = [0, 0, 0x80, 0x100]; // by calls of 4, 8 and 12 registers
const UNDERFLOW = [0, 0x40, 0xc0, 0x140];
export const CAUSE = { illegal: 0, syscall: 1, level1: 4, alloca: 5, divide: 6, fetch: 20, load: 28, store: 29, coprocessor0: 32 };

/** The state of a core. bus: {note(text), timersChanged(core)}. */
export class Windows {
  constructor(id, bus) {
    this.id = id;
    this.bus = bus;
    this.R = new Int32Array(64);
    this.F = new Float32Array(16);
    this.I = new Int32Array(this.F.buffer);
    this.special = new Int32Array(256);
    this.user = new Int32Array(256);
    this.pc = 0;
    this.w = 0; // first register of the window
    this.ws = 1; // WindowStart
    this.room = 4; // groups of four registers that may be used before another window's begin
    this.sar = 0;
    this.lbeg = 0;
    this.lend = 0;
    this.lcount = 0;
    this.ps = 0x1f;
    this.br = 0;
    this.latched = 0;
    this.lines = 0;
    this.enabled = 0;
    this.irq = false; // an interrupt is to be taken
    this.waiting = false; // in WAITI
    this.n = 0; // cycles used in this turn
    this.m = 0; // cycles of the trace under way, at its last access outside
    this.limit = 0;
    this.cycles = 0; // since power, before this turn
    this.skew = 0; // CCOUNT less cycles
  }

  get(k) {
    return this.R[(this.w + k) & 63];
  }

  put(k, value) {
    this.R[(this.w + k) & 63] = value;
  }

  /** How far the window reaches before the next live one. */
  measure() {
    if ((this.ps & (WOE | EXCM)) !== WOE) {
      this.room = 4;
      return;
    }
    const live = (this.ws | (this.ws << 16)) >>> ((this.w >> 2) + 1);
    this.room = live & 1 ? 1 : live & 2 ? 2 : live & 4 ? 3 : 4;
  }

  get level() {
    return this.ps & EXCM ? Math.max(this.ps & 15, EXCM_LEVEL) : this.ps & 15;
  }

  /** Whether an interrupt is to be taken; an enabled one also ends WAITI. */
  check() {
    const asking = (this.latched | this.lines) & this.enabled;
    this.irq = false;
    if (!asking) return;
    for (let level = 7; level > this.level; level -= 1) if (asking & AT_LEVEL[level]) this.irq = true;
    if (this.irq) this.waiting = false;
  }

  setPs(value) {
    this.ps = value & PS_BITS;
    this.measure();
    this.check();
  }

  turnTo(base) {
    this.w = (base & 15) << 2;
    this.measure();
  }

  // ---- exceptions ----

  exception(cause, address = 0) {
    this.n += REFILL;
    this.special[SPECIAL.cause] = cause;
    if (cause >= CAUSE.fetch && cause < CAUSE.coprocessor0) this.special[SPECIAL.vaddr] = address;
    this.special[this.ps & EXCM ? SPECIAL.depc : SPECIAL.epc + 1] = this.pc;
    this.pc = this.special[SPECIAL.vecbase] + (this.ps & EXCM ? DOUBLE : this.ps & UM ? USER : KERNEL);
    this.ps |= EXCM;
    this.measure();
    this.check();
  }

  interrupt() {
    const asking = (this.latched | this.lines) & this.enabled;
    let level = 7;
    while (level > this.level && !(asking & AT_LEVEL[level])) level -= 1;
    this.irq = false;
    this.n += REFILL;
    if (level === this.level) return;
    this.waiting = false;
    if (level === 1) {
      this.exception(CAUSE.level1);
      return;
    }
    this.special[SPECIAL.epc + level] = this.pc;
    this.special[SPECIAL.eps + level] = this.ps;
    this.ps = (this.ps & ~15) | level | EXCM;
    this.pc = this.special[SPECIAL.vecbase] + VECTORS[level];
    this.measure();
    this.check();
  }

  /** The window in the way is saved by the program's own handler. */
  overflow() {
    const base = this.w >> 2;
    const victim = (base + this.room) & 15;
    const live = (this.ws | (this.ws << 16)) >>> (victim + 1);
    this.enterWindowHandler(base, victim, OVERFLOW[live & 1 ? 1 : live & 2 ? 2 : 3]);
  }

  enterWindowHandler(base, victim, vector) {
    this.n += REFILL;
    this.special[SPECIAL.epc + 1] = this.pc;
    this.ps = (this.ps & ~0xf00) | (base << 8) | EXCM;
    this.turnTo(victim);
    this.pc = this.special[SPECIAL.vecbase] + vector;
    this.irq = false;
  }

  leaveWindowHandler(live) {
    const bit = 1 << (this.w >> 2);
    this.ws = live ? this.ws | bit : this.ws & ~bit;
    this.pc = this.special[SPECIAL.epc + 1];
    this.ps &= ~EXCM;
    this.turnTo((this.ps >> 8) & 15);
    this.check();
  }

  get windowed() {
    return (this.ps & (WOE | EXCM)) === WOE;
  }

  enter({ s, imm, next }) {
    const turn = (this.ps >> 16) & 3;
    if (turn >= this.room) {
      this.overflow();
      return;
    }
    const to = (this.w + turn * 4) & 63;
    this.R[(to + s) & 63] = this.R[(this.w + s) & 63] - imm;
    this.ws |= 1 << (to >> 2);
    this.turnTo(to >> 2);
    this.pc = next;
  }

  leave() {
    const to = this.R[this.w];
    const turn = to >>> 30;
    const base = this.w >> 2;
    const below = (k) => (this.ws >> ((base - k) & 15)) & 1;
    const live = below(1) ? 1 : below(2) ? 2 : below(3) ? 3 : 0;
    if (!turn || (live && live !== turn) || !this.windowed) {
      this.illegal('a return from a window that is not the caller\'s');
      return;
    }
    if (live) {
      this.ws &= ~(1 << base);
      this.pc = (this.pc & 0xc0000000) | (to & 0x3fffffff);
      this.turnTo(base - turn);
    } else {
      this.enterWindowHandler(base, (base - turn) & 15, UNDERFLOW[turn]);
    }
  }

  illegal(what) {
    this.bus.note(`core ${this.id}: ${what} at ${(this.pc >>> 0).toString(16)}`);
    this.exception(CAUSE.illegal);
  }

  // ---- special registers ----

  get ccount() {
    return (this.cycles + this.n + this.m + this.skew) | 0;
  }

  read(number) {
    switch (number) {
      case SPECIAL.lbeg: return this.lbeg;
      case SPECIAL.lend: return this.lend;
      case SPECIAL.lcount: return this.lcount;
      case SPECIAL.sar: return this.sar;
      case SPECIAL.br: return this.br;
      case SPECIAL.windowBase: return this.w >> 2;
      case SPECIAL.windowStart: return this.ws;
      case SPECIAL.interrupt: return this.latched | this.lines;
      case SPECIAL.intenable: return this.enabled;
      case SPECIAL.ps: return this.ps;
      case SPECIAL.ccount: return this.ccount;
      case SPECIAL.prid: return this.id ? 0xabab : 0xcdcd; // ESP32: how a program tells the cores apart
      default: return this.special[number];
    }
  }

  write(number, value) {
    switch (number) {
      case SPECIAL.lbeg: this.lbeg = value; break;
      case SPECIAL.lend: this.lend = value; break;
      case SPECIAL.lcount: this.lcount = value; break;
      case SPECIAL.sar: this.sar = value & 63; break;
      case SPECIAL.br: this.br = value & 0xffff; break;
      case SPECIAL.windowBase: this.turnTo(value); break;
      case SPECIAL.windowStart:
        this.ws = value & 0xffff;
        this.measure();
        break;
      case SPECIAL.interrupt:
        this.latched |= value & SOFTWARE;
        this.check();
        break;
      case SPECIAL.intclear:
        this.latched &= ~(value & (EDGES | SOFTWARE));
        this.check();
        break;
      case SPECIAL.intenable:
        this.enabled = value;
        this.check();
        break;
      case SPECIAL.ps: this.setPs(value); break;
      case SPECIAL.ccount:
        this.skew = (value - this.cycles - this.n - this.m) | 0;
        this.bus.timersChanged(this);
        break;
      default:
        this.special[number] = value;
        if (number >= SPECIAL.ccompare && number < SPECIAL.ccompare + 3) this.rearm(number - SPECIAL.ccompare);
    }
  }

  rearm(k) {
    this.latched &= ~(1 << COMPARES[k]);
    this.check();
    this.bus.timersChanged(this, k);
  }

  reach(k) {
    this.latched |= 1 << COMPARES[k];
    this.check();
  }
}
