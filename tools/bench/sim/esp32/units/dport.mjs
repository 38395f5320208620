// DPORT (TRM 5): interrupt matrix, interrupts between the cores, the second core's clock and reset, CPU frequency, cache state.
import { hex } from '../memory.mjs';

const FROM_CPU = 0xdc; // four software interrupts
const FROM_CPU_SOURCE = 24;
const APPCPU = { reset: 0x2c, clock: 0x30, stall: 0x34, address: 0x38 };
const CPU_PERIOD = 0x3c;
const FREQUENCIES = [80, 160, 240];
const ROUTES = 0x104; // 69 registers a core
const SOURCES = 69;
const RADIO_CLOCK = 0xcc;
/** What a program sets there before it uses a radio (ESP-IDF, dport_reg.h: DPORT_WIFI_CLK_WIFI_EN, DPORT_WIFI_CLK_BT_EN). */
const RADIOS = { 'Wi-Fi': 0x406, Bluetooth: 0x30800 };
const STATUS = 0xec; // three words a core
const CACHE_CONTROL = [0x40, 0x58];
const CACHE_FLUSH = 1 << 4;
const CACHE_FLUSHED = 1 << 5;
const CACHE_STATE = [0x3f0, 0x418];
const CACHE_IDLE = 1 << 7;

export class Dport {
  constructor(chip) {
    this.chip = chip;
    this.io = chip.memory.io;
  }

  read(offset) {
    if (CACHE_CONTROL.includes(offset)) return this.io[offset >> 2] | CACHE_FLUSHED;
    if (CACHE_STATE.includes(offset)) return CACHE_IDLE;
    if (offset >= STATUS && offset < STATUS + 24) return this.status(((offset - STATUS) >> 2) % 3);
    return undefined;
  }

  status(word) {
    let bits = 0;
    for (let i = 0; i < 32; i += 1) if (this.chip.raised[word * 32 + i]) bits |= 1 << i;
    return bits;
  }

  write(offset, value) {
    this.io[offset >> 2] = value;
    if (offset >= ROUTES && offset < ROUTES + 8 * SOURCES) this.route((offset - ROUTES) >> 2, value & 31);
    else if (offset >= FROM_CPU && offset < FROM_CPU + 16) this.chip.raise(FROM_CPU_SOURCE + ((offset - FROM_CPU) >> 2), value & 1);
    else if (offset >= APPCPU.reset && offset <= APPCPU.address) this.secondCore();
    else if (CACHE_CONTROL.includes(offset) && value & CACHE_FLUSH) this.chip.flushCache(CACHE_CONTROL.indexOf(offset));
    else if (offset === RADIO_CLOCK) this.radio(value);
    else if (offset === CPU_PERIOD) this.chip.units.rtc.setFrequency();
    return true;
  }

  /** Behind these clocks lies what the bench has not: the program would end in a panic of code that is not ours. */
  radio(value) {
    const started = Object.keys(RADIOS).find((name) => value & RADIOS[name]);
    if (started) this.refuseRadio(started);
  }

  refuseRadio(name) {
    this.chip.lockUp(`the program starts ${name}, of which the bench has no model: leave it off on this board, or run it on a real one`);
    this.chip.yield();
  }

  route(n, input) {
    const core = n < SOURCES ? 0 : 1;
    this.chip.routes[core][n % SOURCES] = input;
    this.chip.route(this.chip.cores[core]);
  }

  /** MHz of the PLL's divider. */
  get frequency() {
    return FREQUENCIES[this.io[CPU_PERIOD >> 2] & 3] ?? 80;
  }

  secondCore() {
    const [, core] = this.chip.cores;
    const at = (offset) => this.io[offset >> 2];
    if (at(APPCPU.reset) & 1) {
      core.halted = true;
      return;
    }
    core.stalled = (at(APPCPU.stall) & 1) !== 0;
    const ready = at(APPCPU.clock) & 1 && !core.stalled && at(APPCPU.address);
    if (!ready || !core.halted) return;
    this.chip.note(`core 1 starts at ${hex(at(APPCPU.address))}`);
    this.chip.start(1, at(APPCPU.address));
    this.chip.yield();
  }
}

/** The flash MMU's table of one core. */
export class MmuTable {
  constructor(chip, core) {
    this.chip = chip;
    this.core = core;
  }

  read(offset) {
    return this.chip.memory.entries[this.core][offset >> 2] ?? 0;
  }

  write(offset, value) {
    if (offset >> 2 < 384) this.chip.memory.map(this.core, offset >> 2, value, this.chip.flash.bytes);
    return true;
  }
}
