// The program as decoded and translated so far, by 64 KiB pages of the instruction bus; both cores share it.
import { decode } from './decode.mjs';
import { interpreters, prepare } from './interpret.mjs';
import { cycles } from './timing.mjs';
import { translate } from './translate.mjs';

const BASE = 0x40000000;
const HOT = 12; // executions before a trace is made: below it, making one costs more than it saves
const LAST = 0x40400000;
const READY = 8192; // a page's array of traces is 512 KB, of which few entries are in use: this is dense
const ROM_PAGES = 7; // 0x40000000 to 0x4006FFFF: functions that the bench has in JavaScript

/** Where the trace that begins at pc stands in `ready`, if it is there. */
export const place = (pc) => (pc ^ (pc >>> 12)) & (READY - 1);

class Page {
  constructor() {
    this.decoded = new Array(65536).fill(null);
    this.traces = new Array(65536).fill(0); // 0: none yet, null: none can be made
    this.hot = new Uint8Array(65536);
    this.used = new Uint8Array(256); // which 256 bytes hold decoded code
  }
}

/** A page of the mask ROM: every address is a trace that calls what is there. */
class RomPage {
  constructor(call) {
    this.decoded = [];
    this.traces = new Array(65536).fill(call);
  }
}

export class Code {
  /**
   * bus: {callRom(core), fetch(pc) -> 24 bits or -1 where no code is, steady(pc) -> whether decoded code may be kept, isFlash(pc), cached (whether
   * there is a flash cache), and what
   * `interpreters` needs}. direct: {address in the ROM: function(core)} of what is called without callRom.
   */
  constructor(bus, direct) {
    this.bus = bus;
    this.pages = new Array((LAST - BASE) >>> 16).fill(null);
    const rom = new RomPage((core) => bus.callRom(core));
    this.pages.fill(rom, 0, ROM_PAGES);
    for (const [pc, run] of direct) this.romPage(pc, rom).traces[pc & 0xffff] = run;
    this.ready = new Array(READY).fill(null); // traces that were run of late
    this.readyAt = new Int32Array(READY).fill(-1); // where each of them begins
    this.loopEnds = new Set();
    this.run = interpreters(bus);
    this.translated = 0;
    this.never = false; // for tests: interpret everything
  }

  /** The page of the ROM with an address, apart from `shared`, that of all others. */
  romPage(pc, shared) {
    const n = (pc - BASE) >>> 16;
    if (this.pages[n] === shared) this.pages[n] = new RomPage(shared.traces[0]);
    return this.pages[n];
  }

  page(pc) {
    const n = (pc - BASE) >>> 16;
    if (n >= this.pages.length) return null;
    return this.pages[n] ?? (this.bus.steady(pc) ? (this.pages[n] = new Page()) : null);
  }

  /** The decoded instruction at pc, with cycles and execute(core, d); null where there is no memory to execute. */
  at(pc) {
    const page = this.page(pc);
    return page?.decoded[pc & 0xffff] ?? this.decodeAt(pc, page);
  }

  decodeAt(pc, page) {
    const word = this.bus.fetch(pc);
    if (word < 0) return null;
    const d = decode(word, pc);
    prepare(d, word);
    d.cycles = cycles(d);
    d.cached = this.bus.cached && this.bus.isFlash(pc);
    d.execute = this.run[d.name];
    if (d.name.startsWith('loop')) this.loopEnds.add(d.imm);
    if (page) {
      page.decoded[pc & 0xffff] = d;
      page.used[(pc & 0xffff) >> 8] = 1;
    }
    return d;
  }

  /** The trace that begins at pc: function(core), or null. */
  trace(pc) {
    const page = this.pages[(pc - BASE) >>> 16];
    if (!page) return null;
    const i = pc & 0xffff;
    const trace = page.traces[i];
    if (trace) {
      const at = place(pc);
      this.ready[at] = trace;
      this.readyAt[at] = pc;
    }
    if (trace !== 0) return trace;
    if (this.never || (page.hot[i] += 1) < HOT) return null;
    this.translated += 1;
    return (page.traces[i] = translate(this, pc));
  }

  /** A word or byte of SRAM 0 was written: forgotten where it was code. Data may lie between. */
  written(a) {
    const page = this.pages[(a - BASE) >>> 16];
    if (!page?.used[(a & 0xffff) >> 8] && !page?.used[((a - 2) & 0xffff) >> 8]) return;
    for (let from = a - 2; from < a + 4; from += 1) {
      if (!this.page(from)?.decoded[from & 0xffff]) continue;
      this.forget(a, a + 3);
      return;
    }
  }

  /** Code from..to (bytes) was overwritten, or the flash below it mapped elsewhere. */
  forget(from, to) {
    this.readyAt.fill(-1);
    for (let n = (from - BASE) >>> 16; n <= (to - BASE) >>> 16; n += 1) this.pages[n] = null;
    const before = this.pages[((from - BASE) >>> 16) - 1];
    if (before instanceof Page) before.traces.fill(0);
  }
}
