// One LX6 core: executes traces that the translator made, and single instructions where there is none.
import { place } from './code.mjs';
import { CAUSE, SPECIAL, Windows } from './windows.mjs';

/** Thrown by the bus at an access that nothing answers: {cause, address} are in the core. */
export const FAULT = new Error('bus fault');

export class Core extends Windows {
  /** code: the decoded and translated program, shared by both cores. cache: of the flash, or null. */
  constructor(id, bus, code, cache) {
    super(id, bus);
    this.code = code;
    this.cache = cache;
    this.tags = cache?.tags;
    this.bail = false; // a trace stopped before an instruction that needs the interpreter
    this.halted = true; // held in reset
    this.stalled = false; // clock gated
    this.fault = null;
  }

  get idle() {
    return this.halted || this.stalled || (this.waiting && !this.irq);
  }

  /** Runs until about `limit` cycles are used or there is nothing to do; the cycles used. */
  run(limit) {
    this.n = 0;
    this.limit = limit;
    while (this.n < this.limit && !this.idle) this.execute();
    const used = this.n;
    this.cycles += used;
    this.n = 0;
    return used;
  }

  /** The same up to a bad access. */
  execute() {
    try {
      const { ready, readyAt } = this.code;
      while (this.n < this.limit) {
        const at = place(this.pc);
        if (readyAt[at] === this.pc && !this.irq) {
          ready[at](this);
          if (!this.bail) continue;
          this.single();
        } else this.step();
        if (this.idle) return;
      }
    } catch (error) {
      this.caught(error);
    }
  }

  /** Runs to an address, whatever the turn allows: a routine in ROM that calls one of the program's. */
  runTo(pc) {
    while (this.pc !== pc) {
      try {
        this.step();
      } catch (error) {
        this.caught(error);
      }
    }
  }

  caught(error) {
    if (error !== FAULT) throw error;
    this.m = 0;
    this.exception(this.fault.cause, this.fault.address);
  }

  /** A trace, an instruction, or the begin of an interrupt. */
  step() {
    if (this.irq) {
      this.interrupt();
      return;
    }
    const trace = this.code.trace(this.pc);
    if (trace) {
      trace(this);
      if (!this.bail) return;
    }
    this.single();
  }

  /** A trace meets a line that the cache does not hold. */
  fill(line) {
    this.n += this.cache.fill(line);
  }

  /** One instruction, or one call of a routine in ROM. */
  single() {
    this.bail = false;
    const d = this.code.at(this.pc);
    if (!d) {
      this.bus.callRom(this);
      return;
    }
    if (d.cached) this.n += this.cache.touch(d.pc) + this.cache.touch(d.next - 1);
    this.n += d.cycles;
    if (d.top >= this.room) {
      this.overflow();
      return;
    }
    if (d.float && !(this.special[SPECIAL.cpenable] & 1)) {
      this.exception(CAUSE.coprocessor0);
      return;
    }
    if (d.execute(this, d)) return; // a branch taken to the end of a loop leaves it
    this.pc = d.next;
    if (this.lcount !== 0) this.closeLoop(d.next);
  }

  /** The end of a zero-overhead loop leads back to its begin. */
  closeLoop(next) {
    if (next !== this.lend >>> 0 || this.lcount === 0 || this.ps & 16) return;
    this.lcount = (this.lcount - 1) | 0;
    this.pc = this.lbeg;
  }

  /** A call of a function that turns the window by `turn` groups, as call4, call8 and call12 do. */
  prepareCall(turn, next) {
    this.put(turn * 4, (turn << 30) | (next & 0x3fffffff));
    this.ps = (this.ps & ~0x30000) | (turn << 16);
  }

  startLoop(d, count) {
    this.lcount = (count - 1) | 0;
    this.lbeg = d.next;
    this.lend = d.imm;
  }
}
