// One ESP32: two cores, memory, units, interrupt matrix and resets. It has a clock and knows nothing of other boards.
import { Code } from './xtensa/code.mjs';
import { Core } from './xtensa/core.mjs';
import { COMPARES, EDGES, INTERNAL, SPECIAL } from './xtensa/windows.mjs';
import { FlashCache, lineNanos } from './flash_cache.mjs';
import { BOOT_LOADER, bootable, loadApplication } from './image.mjs';
import { hex, Memory } from './memory.mjs';
import { RESET } from './reset.mjs';
import { callRom, DIRECT, romData } from './rom/rom.mjs';
import { LATCHING, printed, strapped, unbootable } from './strapping.mjs';
import { Turns } from './turns.mjs';
import { attachUnits } from './units/units.mjs';
import { account } from './spent.mjs';
import { Wires } from './wires.mjs';

const SOURCES = 69; // TRM 3.3.1
const OFF = 16; // an interrupt input that nothing uses: what a source is mapped to after reset
const APB_MEGAHERTZ = 80;
const APB_CYCLES = 3;
const STACKS = [0x3ffe3f20, 0x3ffe5230]; // where the mask ROM leaves the stacks (ESP-IDF, bootloader linker script)
const BOOT_VECTORS = 0x40000000;

/** Buses with nothing on them. */
const emptyBuses = () => ({
  spi: [0, 1, 2].map(() => ({ exchange: null })),
  i2c: [0, 1].map(() => ({ targets: new Map() })),
});

export class Esp32 {
  /** options: {cached (false: reading flash takes no time), clock, flash (chip/flash.mjs's), wires, buses: {spi, i2c, uart}, random() -> 32 bits, uid (6 bytes), board,
   * note(text)}. */
  constructor(options) {
    Object.assign(this, { cached: true, board: null, note: () => {}, buses: emptyBuses(), wires: new Wires(options.clock) }, options);
    this.spent = account(this);
    this.until = 0;
    this.turns = new Turns(this);
    this.absent = new Set();
    this.unknown = new Map(); // accesses to what has no model, by name
    this.digests = new Map(); // MD5 contexts of the ROM, by address
    this.kept = null;
    this.supplyMillivolts = 3300;
    this.boot(RESET.power);
  }

  boot(reason) {
    this.reason = reason;
    this.pendingReset = 0;
    this.stopped = false;
    this.locked = false;
    this.megahertz = 160;
    this.alarms?.forEach((alarm) => alarm.cancel());
    this.alarms = [];
    this.prepareMemory();
    const line = lineNanos(this.flash.bytes, BOOT_LOADER);
    const wait = () => Math.ceil((line * this.megahertz) / 1000);
    this.cores = [0, 1].map((id) => new Core(id, this, this.code, this.cached ? new FlashCache(wait) : null));
    for (const core of this.cores) this.prepareTimers(core);
    [this.core] = this.cores;
    this.routes = [new Uint8Array(SOURCES).fill(OFF), new Uint8Array(SOURCES).fill(OFF)];
    this.raised = new Uint8Array(SOURCES);
    this.units = attachUnits(this);
    this.wires.attach(this.units.gpio);
    this.board?.onChipBoot?.(this);
    if (LATCHING.has(reason)) this.strap = strapped(this.wires);
    const why = unbootable(this.strap);
    if (why) this.refuseToStart(why, printed(this.strap));
    else this.startFlash();
  }

  /** Empty memory; what was translated of the flash is good after a reset too. */
  prepareMemory() {
    if (this.memory) {
      this.memory.restart();
      return;
    }
    this.memory = new Memory(this);
    this.code = new Code(this.memory, DIRECT);
  }

  /** What the ROM and the second-stage boot loader do, in no time. */
  startFlash() {
    let found = null;
    try {
      found = bootable(this.flash.bytes);
    } catch (error) {
      if (error.constructor !== Error) throw error;
      this.refuseToStart(error.message);
      return;
    }
    romData(this.memory, found.size);
    this.start(0, loadApplication(this, found));
  }

  /** The chip does not start its flash: the ROM prints this much and waits. */
  refuseToStart(why, text = '') {
    for (const byte of Buffer.from(text)) this.console(byte);
    this.lockUp(why);
  }

  prepareTimers(core) {
    core.nanos = this.clock.nanosCounter;
    core.compares = COMPARES.map((_, k) => this.alarm(() => this.compare(core, k)));
  }

  // ---- time ----

  /** Alarms of the chip: gone at its reset. */
  alarm(callback) {
    const alarm = this.clock.createAlarm(callback);
    this.alarms.push(alarm);
    return alarm;
  }

  get cycleNanos() {
    return 1000 / this.megahertz;
  }

  /** What an access to a unit waits: three cycles of the APB's 80 MHz, or of the CPU's clock below that. Fitted: 50 ns a read and
   * 100 ns for two writes, loop included, at 240 MHz (reddit r/esp32, f529hf). */
  get unitCycles() {
    return APB_CYCLES * Math.max(1, this.megahertz / APB_MEGAHERTZ);
  }

  /** World time (ns), in the middle of a turn too. */
  get nanos() {
    const { core } = this;
    const here = core.nanos + (core.n + core.m) * this.cycleNanos;
    return this.executing && here > this.clock.nanosCounter ? here : this.clock.nanosCounter;
  }

  /** The clock shows the running core's time: parts look at it. */
  synchronise() {
    this.clock.nanosCounter = this.nanos;
  }

  /** An alarm was set or an interrupt raised: the running core stops there. */
  hurry() {
    const { core } = this;
    const left = Math.ceil((Math.min(this.clock.nextNanos, this.until) - core.nanos) / this.cycleNanos);
    if (left < core.limit) core.limit = Math.max(core.n, left) | 0;
  }

  /** The running core ends its turn: the other one has something to do. */
  yield() {
    this.core.limit = this.core.n;
  }

  setFrequency(megahertz) {
    if (megahertz === this.megahertz) return;
    for (const core of this.cores) this.reachPassed(core);
    this.megahertz = megahertz;
    for (const core of this.cores) this.arm(core);
    this.yield();
  }

  /** A core's own time (ns): it may be ahead of the world's, whose alarms between are still to come. */
  timeOf(core) {
    return this.executing && core === this.core ? core.nanos + (core.n + core.m) * this.cycleNanos : core.nanos;
  }

  /** CCOUNT has passed these CCOMPAREs, whose alarms are about to be moved or cancelled. written: its own is void. */
  reachPassed(core, written = -1) {
    const now = this.timeOf(core) + this.cycleNanos / 2;
    core.compares.forEach((alarm, k) => {
      if (k !== written && alarm.scheduled && alarm.nanos <= now) core.reach(k);
    });
  }

  /** A core's CCOUNT, its clock or CCOMPARE number `written` was changed. */
  timersChanged(core, written = -1) {
    this.reachPassed(core, written);
    this.arm(core);
  }

  /** Alarms for the next time that CCOUNT is at each CCOMPARE. */
  arm(core) {
    const count = core.ccount;
    const now = this.timeOf(core);
    core.compares.forEach((alarm, k) => {
      const left = (core.special[SPECIAL.ccompare + k] - count) >>> 0 || 2 ** 32;
      alarm.at(now + left * this.cycleNanos);
    });
    this.hurry();
  }

  compare(core, k) {
    core.reach(k);
    core.compares[k].schedule(2 ** 32 * this.cycleNanos);
  }

  run(until) {
    this.until = until;
    const { clock } = this;
    while (clock.nanosCounter < this.until) {
      if (this.locked) clock.advance(this.until);
      else if (this.pendingReset) this.restart();
      else if (clock.nextNanos <= clock.nanosCounter) clock.advance(clock.nanosCounter);
      else if (this.cores[0].idle && this.cores[1].idle) this.rest();
      else this.execute();
    }
  }

  /** Both cores wait, or their clocks are off. */
  rest() {
    const { clock } = this;
    const { stopped, megahertz } = this; // an alarm on the way may end sleep
    const from = clock.nanosCounter;
    clock.advance(Math.min(clock.nextNanos, this.until));
    const passed = clock.nanosCounter - from;
    if (!stopped) this.spent.idle[megahertz] += passed;
    else if (this.units.rtc.wake.deep) this.spent.deep += passed;
    else this.spent.light += passed;
    this.catchUp();
  }

  execute() {
    const { clock } = this;
    const from = clock.nanosCounter;
    this.turns.take();
    this.spent.run[this.megahertz] += clock.nanosCounter - from;
    this.catchUp();
  }

  /** CCOUNT of a core that waits, or was woken just now, goes on; with its clock off it stands. */
  catchUp() {
    const now = this.clock.nanosCounter;
    for (const core of this.cores) {
      if (core.nanos >= now) continue;
      const passed = Math.ceil((now - core.nanos) / this.cycleNanos);
      if (!this.stopped) core.cycles += passed;
      core.nanos += passed * this.cycleNanos;
    }
  }

  // ---- cores ----

  start(id, pc) {
    const core = this.cores[id];
    core.halted = false;
    core.waiting = false;
    core.pc = pc;
    core.w = 0;
    core.ws = 1;
    core.put(0, 0);
    core.put(1, STACKS[id]);
    core.special[SPECIAL.vecbase] = BOOT_VECTORS;
    core.enabled = 0;
    core.latched = 0;
    core.nanos = Math.max(core.nanos, this.nanos);
    core.setPs(0x40020 | (1 << 16));
  }

  flushCache(id) {
    this.cores[id].cache?.flush();
  }

  callRom(core) {
    callRom(this, core);
  }

  /** The voltage at a pin as the ADC sees it. */
  millivolts(gpio) {
    return this.board?.millivolts?.(gpio) ?? (this.wires.levels[gpio] ? 3300 : 0);
  }

  /** A byte of the ROM's own output. */
  console(byte) {
    this.units.uart[0].onByte?.(byte);
  }

  /** The supply is this many mV from now on. */
  supply(millivolts) {
    this.supplyMillivolts = millivolts;
    this.units.rtc.brownOut.look();
  }

  refuse(part, sentence) {
    if (this.board) this.board.refuse(part, sentence);
    else this.note(`${part}: ${sentence}`);
  }

  /** Something that the program asked for and the bench does not have: noted once. */
  missing(what, call) {
    if (this.absent.has(what)) return;
    this.absent.add(what);
    this.note(`${what} is not there (called from ${hex(call.from)})`);
  }

  // ---- interrupts ----

  /** Unit number `source` asks for an interrupt, or no longer. */
  raise(source, on) {
    const value = on ? 1 : 0;
    if (this.raised[source] === value) return;
    this.raised[source] = value;
    for (const core of this.cores) this.route(core);
  }

  /** A core's interrupt inputs from the sources that are mapped to them. */
  route(core) {
    let lines = 0;
    const routes = this.routes[core.id];
    for (let source = 0; source < SOURCES; source += 1) if (this.raised[source]) lines |= 1 << routes[source];
    lines &= ~INTERNAL;
    const before = core.idle;
    core.latched |= lines & EDGES & ~core.edges;
    core.edges = lines & EDGES;
    core.lines = lines & ~EDGES;
    core.check();
    if (core !== this.core && before && !core.idle) this.yield();
  }

  // ---- sleep, reset, power ----

  /** Light and deep sleep: the clocks of cores and timer groups stand still. */
  stop() {
    this.stopped = true;
    for (const core of this.cores) {
      core.before = core.stalled;
      this.reachPassed(core);
      core.compares.forEach((alarm) => alarm.cancel());
      core.stalled = true;
    }
    this.stoppedAt = this.nanos;
    this.yield();
  }

  resume() {
    const stood = this.clock.nanosCounter - this.stoppedAt;
    this.catchUp();
    this.stopped = false;
    for (const core of this.cores) {
      core.stalled = core.before;
      this.arm(core);
    }
    return stood;
  }

  /** Reset of the whole chip but the RTC domain; it happens when the running instruction is done. */
  reset(reason) {
    this.pendingReset = reason;
    for (const core of this.cores) core.halted = true;
    this.yield();
  }

  restart() {
    const reason = this.pendingReset;
    this.units.flash.complete();
    if (this.until < 0) return; // that operation was the one after which power goes
    this.kept = this.units.rtc.keep();
    this.board?.onChipReset?.(reason);
    this.boot(reason);
  }

  /** EN is low: nothing runs and no pin is driven. */
  hold() {
    this.units.flash.complete();
    this.locked = true;
    this.alarms.forEach((alarm) => alarm.cancel());
    this.wires.detach();
  }

  /** EN is high again: a start as from power, with the RTC domain reset too. */
  release() {
    this.kept = null;
    this.board?.onChipReset?.(RESET.power);
    this.boot(RESET.power);
  }

  /** Whether nothing happens before the next alarm. */
  get resting() {
    return !this.pendingReset && this.cores.every((core) => core.idle);
  }

  /** Power fails inside a flash operation. */
  interruptFlash(torn) {
    const { under } = this.units.flash;
    if (under) this.flash.interrupt(under.operation, torn);
  }

  /** The program cannot go on: nothing runs until power goes. */
  lockUp(sentence) {
    this.locked = true;
    this.alarms.forEach((alarm) => alarm.cancel());
    this.wires.detach();
    this.board?.onChipLockUp?.(sentence);
  }

  die() {
    this.until = -1;
    this.alarms.forEach((alarm) => alarm.cancel());
  }
}
