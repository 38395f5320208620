// One RP2040 running the real firmware on rp2040js 1.4.1, with our corrections. It has a clock and no knowledge of other boards.
import { ConsoleLogger, LogLevel, RP2040 } from 'rp2040js';
import { FlashCommands } from './flash.mjs';
import { attachBuses } from './buses.mjs';
import { Core } from './core.mjs';
import { Pwm } from './pwm.mjs';
import { Rom } from './rom.mjs';
import { addSleepGates, Registers, RingOscillator, Rtc, Timer, Watchdog } from './system.mjs';

// The boot ROM runs the second stage, which sets up XIP and enters the vector table behind itself.
const VECTORS = 0x10000100;
const SLEEPDEEP = 4;
const XOSC_DORMANT = 0x636f6d61;
const PSM_ROSC = 1;
const EXCEPTION_CYCLES = 15; // Cortex-M0+ TRM 3.6.1
const POWER_ON_REASON = 1 << 8;
// MicroPython leaves SLEEPDEEP set after light sleep; it is deep only while the gates are closed as well.
const SLEEP_EN0_SYS = 1 << 4;
const SLEEP_EN0_PWM = 1 << 17;
const SLEEP_EN0_RTC = 1 << 21;

/**
 * The chip between two power cuts. `run(until)` executes up to an instant of world time (ns).
 * Counters in ns: busyNanos (executing), stallNanos (waiting for the flash), idleNanos (WFI/WFE), sleepNanos (deep sleep).
 */
export class Chip {
  /** options: {clock, flash, usb, pins, uid (8 bytes), random() -> 32-bit integer, cache (null: no misses),
   *  rate (length of the crystal's second in seconds of the world),
   *  board (notified of boots and resets; may be left out)}. */
  constructor(options) {
    Object.assign(this, { rate: 1 }, options);
    this.busyNanos = 0;
    this.stallNanos = 0;
    this.idleNanos = 0;
    this.sleepNanos = 0;
    this.resets = 0;
    this.dead = false;
    this.locked = false;
    this.flash.begin = (operation, nanos) => this.stalls.push({ operation, nanos });
    this.boot(0, new Uint32Array(8));
  }

  boot(reason, scratch) {
    const { clock, flash } = this;
    clock.nextAlarm && this.dropAlarms();
    const mcu = new RP2040(clock);
    this.mcu = mcu;
    this.core = mcu.core = new Core(mcu, this);
    this.stalls = [];
    this.extraCycles = 0;
    this.pendingReset = 0;
    this.attention = false;
    this.deep = false;
    this.bootsel = false;
    this.scr = 0;
    mcu.flash = flash.bytes;
    mcu.flash16 = new Uint16Array(flash.bytes.buffer);
    mcu.flashView = new DataView(flash.bytes.buffer);
    mcu.logger = new ConsoleLogger(LogLevel.Error, false);
    this.rom = new Rom(this, flash);
    this.correct(reason, scratch);
    this.usb.attach(mcu);
    this.pins.attach(mcu);
    this.board?.onChipBoot(this);
    mcu.core.VTOR = VECTORS;
    mcu.core.reset();
  }

  /** Alarms of the chip that is gone; parts hold their own clock alarms, marked as theirs. */
  dropAlarms() {
    const { clock } = this;
    for (let alarm = clock.nextAlarm; alarm; ) {
      const following = alarm.next;
      if (!alarm.outside) clock.unlink(alarm);
      alarm = following;
    }
  }

  correct(reason, scratch) {
    const { mcu } = this;
    const blocks = mcu.peripherals;
    const commands = new FlashCommands(mcu, this.uid);
    blocks[0x18000] = commands;
    blocks[0x40018] = new Registers(mcu, 'IO_QSPI', {}, (offset) => offset === 0x0c && commands.select());
    this.oscillator = blocks[0x40060] = new RingOscillator(mcu, this.random);
    blocks[0x40064] = new Registers(mcu, 'VREG_AND_CHIP_RESET', { 0x08: reason ? 0 : POWER_ON_REASON });
    this.timer = blocks[0x40054] = new Timer(mcu, this.rate);
    this.watchdog = blocks[0x40058] = new Watchdog(mcu, this.rate, scratch, reason, (why) => this.reset(why));
    this.rtc = blocks[0x4005c] = new Rtc(mcu, this.rate);
    this.pwm = mcu.pwm = blocks[0x40050] = new Pwm(mcu);
    this.stopAtDormant(blocks[0x40024]);
    this.sleepEnable = addSleepGates(mcu);
    mcu.addClockListener(() => {
      this.attention = true;
    });
    attachBuses(this);
    this.correctCore();
    this.correctSio();
    if (this.cache) this.addCache();
  }

  /** Every access to the cached window of the flash goes through the cache model and costs its misses. */
  addCache() {
    const { mcu, cache } = this;
    cache.flush();
    this.flash.changed = () => cache.flush();
    for (const read of ['readUint32', 'readUint16', 'readUint8']) {
      const original = mcu[read].bind(mcu);
      mcu[read] = (address) => {
        if (address >>> 24 === 0x10) this.extraCycles += cache.touch(address);
        return original(address);
      };
    }
  }

  /** XOSC DORMANT (2.16.5) stops every clock. MicroPython sets up no pin that could end it. */
  stopAtDormant(crystal) {
    const write = crystal.writeUint32.bind(crystal);
    crystal.writeUint32 = (offset, value) => {
      if (offset === 0x08 && value >>> 0 === XOSC_DORMANT) {
        this.lockUp('the chip went dormant (lightsleep() or deepsleep() without a time): nothing wakes it until power goes');
      } else {
        write(offset, value);
      }
    };
  }

  /** The system control register, which rp2040js lacks. */
  correctCore() {
    const { mcu } = this;
    const { ppb } = mcu;
    const read = ppb.readUint32.bind(ppb);
    const write = ppb.writeUint32.bind(ppb);
    ppb.readUint32 = (offset) => (offset === 0xd10 ? this.scr : read(offset));
    ppb.writeUint32 = (offset, value) => {
      if (offset === 0xd10) this.scr = value & 0x16;
      else write(offset, value);
    };
  }

  /** GPIO_IN from the wires' own levels; the inter-core FIFO, which answers as a core 1 that was reset. */
  correctSio() {
    const { mcu, pins } = this;
    const { sio } = mcu;
    const psm = mcu.peripherals[0x40010];
    const read = sio.readUint32.bind(sio);
    const write = sio.writeUint32.bind(sio);
    const force = psm.writeUint32.bind(psm);
    const fifo = [];
    let heldOff = 0;
    sio.readUint32 = (offset) => {
      if (offset === 0x04) return pins.inputBits();
      if (offset === 0x50) return 2 | (fifo.length ? 1 : 0);
      return offset === 0x58 ? (fifo.shift() ?? 0) : read(offset);
    };
    sio.writeUint32 = (offset, value) => {
      if (offset === 0x54) throw new Error('core 1 was started: the bench emulates core 0 only (no _thread)');
      if (offset !== 0x50) write(offset, value);
    };
    psm.writeUint32 = (offset, value) => {
      if (offset === 4 && heldOff && !(value & 0x10000)) fifo.push(0);
      if (offset === 4) heldOff = value & 0x10000;
      force(offset, value);
    };
  }

  /** Cycles that pass beside those of the instruction. */
  spend(cycles) {
    this.extraCycles += cycles;
  }

  /**
   * A watchdog that bites while the ring oscillator is stopped (MicroPython 1.25 stops it in light sleep, and the SDK
   * leaves it out of the reset) hangs a real RP2040 until power goes: micropython issue 17228.
   */
  reset(reason) {
    const psm = this.mcu.peripherals[0x40010];
    if (this.oscillator.stopped && !(psm.wdsel & PSM_ROSC)) {
      this.lockUp('the watchdog bit during light sleep, where the ring oscillator stands still: the chip hangs until power goes');
      return;
    }
    this.pendingReset = reason;
    this.attention = true;
  }

  /** Nothing runs any more until power goes; the pins are let go. */
  lockUp(sentence) {
    this.locked = true;
    this.attention = true;
    this.stalls = [];
    this.leaveSleep();
    this.dropAlarms();
    this.usb.lose();
    this.pins.detach();
    this.board?.onChipLockUp(sentence);
  }

  /** The USB boot loader (machine.bootloader): the chip stays there until power goes. */
  enterBootsel() {
    this.bootsel = true;
    this.core.waiting = true;
    this.core.enabledInterrupts = 0;
  }

  /** Whether nothing happens before the next alarm. */
  get resting() {
    return !this.stalls.length && !this.pendingReset && this.core.waiting;
  }

  /** Power fails inside a flash operation. */
  interruptFlash(torn) {
    if (this.stalls.length) this.flash.interrupt(this.stalls[0].operation, torn);
  }

  /** Power is gone: the running loop ends, alarms are dropped. */
  die() {
    this.dead = true;
    this.attention = true;
    this.until = -1;
    this.stalls = [];
    this.dropAlarms();
  }

  run(until) {
    this.until = until;
    const { clock } = this;
    while (clock.nanosCounter < this.until) {
      if (this.locked) clock.advance(this.until);
      else if (this.pendingReset) this.restart();
      else if (this.stalls.length) this.stall();
      else if (this.core.waiting) this.idle();
      else this.execute();
    }
  }

  restart() {
    const reason = this.pendingReset;
    const { scratch } = this.watchdog;
    for (const { operation } of this.stalls) this.flash.finish(operation);
    this.resets += 1;
    this.leaveSleep();
    this.board?.onChipReset(reason);
    this.boot(reason, scratch);
  }

  /** The core waits for the flash; alarms go on in their own time. */
  stall() {
    const { clock } = this;
    const [first] = this.stalls;
    const from = clock.nanosCounter;
    if (first.until === undefined) {
      first.torn = this.board?.tearsNext() ?? false;
      first.until = from + (first.torn ? first.nanos / 2 : first.nanos);
    }
    clock.advance(Math.min(first.until, clock.nextNanos, this.until));
    this.stallNanos += clock.nanosCounter - from;
    if (clock.nanosCounter < first.until || this.stalls[0] !== first) return;
    if (first.torn) {
      this.board.powerCut(true);
    } else {
      this.stalls.shift();
      this.flash.finish(first.operation);
    }
  }

  idle() {
    const { clock, core } = this;
    if (core.pendingInterrupts & core.enabledInterrupts || core.pendingNMI || core.pendingPendSV || core.pendingSystick) {
      this.wake();
      return;
    }
    if (this.scr & SLEEPDEEP && !this.deep && !(this.sleepEnable(0) & SLEEP_EN0_SYS)) this.enterSleep();
    const from = clock.nanosCounter;
    const deep = this.deep;
    clock.advance(Math.min(clock.nextNanos, this.until));
    if (deep) this.sleepNanos += clock.nanosCounter - from;
    else this.idleNanos += clock.nanosCounter - from;
  }

  wake() {
    this.core.waiting = false;
    this.leaveSleep();
  }

  /** Deep sleep stops the clocks that SLEEP_EN does not keep: PWM and RTC stand still, UART, SPI and I2C are deaf. */
  enterSleep() {
    this.deep = true;
    this.pwm.gate(!(this.sleepEnable(0) & SLEEP_EN0_PWM));
    this.rtc.gate(!(this.sleepEnable(0) & SLEEP_EN0_RTC));
  }

  leaveSleep() {
    if (!this.deep) return;
    this.deep = false;
    this.pwm.gate(false);
    this.rtc.gate(false);
  }

  /** Runs instructions until the next alarm, or until something else than the core has to act. */
  execute() {
    const { clock, core } = this;
    const from = clock.nanosCounter;
    this.attention = false;
    do {
      if (core.interruptsUpdated) while (core.checkForInterrupts()) this.extraCycles += EXCEPTION_CYCLES;
      const nanosPerCycle = (1e9 * this.rate) / this.mcu.clkSys;
      const limit = this.until < clock.nextNanos ? this.until : clock.nextNanos;
      core.base = clock.nanosCounter;
      core.nanosPerCycle = nanosPerCycle;
      const start = core.base;
      const cycles = core.run(Math.max(1, Math.ceil((limit - start) / nanosPerCycle))) + this.extraCycles;
      this.extraCycles = 0;
      const next = start + cycles * nanosPerCycle;
      if (next >= clock.nextNanos) clock.advance(next);
      else clock.nanosCounter = next;
    } while (!core.waiting && !this.attention && this.stalls.length === 0 && clock.nanosCounter < this.until);
    this.busyNanos += clock.nanosCounter - from;
  }
}
