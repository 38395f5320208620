// One board: chip, flash, cable, wires and parts, with its own clock, power switch and ledger.
import { hash } from '../random.mjs';
import { Chip } from './chip.mjs';
import { Clock } from './clock.mjs';
import { Energy } from './energy.mjs';
import { Flash } from './flash.mjs';
import { PartHost } from './host.mjs';
import { SerialLine, TwoWire } from './lines.mjs';
import { Pins } from './pins.mjs';
import { UsbHost } from './usb.mjs';
import { generator } from './xorshift.mjs';

const VSYS_FULL_SCALE_MV = 3300;
// Supply current of a whole Pico at 125 MHz, by others' meters: 19 mA at a prompt (micropython issue 17228); in light sleep
// 1.0 to 1.8 mA (micropython pull request 8832; lorawan-library-for-pico issue 42). Executing and flash writing are assumed.
const CHIP_MICROAMPS = { run: 24000, idle: 19000, flash: 24000, sleep: 1800 };
const RESET_CAUSES = { 1: 'watchdog', 2: 'forced' };

export class Board {
  /** Its chip: name in the ledger, supply current by state (uA), causes of resets, where the firmware lies in the flash. */
  static CHIP = { name: 'rp2040', microamps: CHIP_MICROAMPS, resets: RESET_CAUSES, firmwareAt: 0 };

  /**
   * world: {seed, air, notify(object)}. setup: {name, wiring (the board file), firmware (bytes), flash (image of the file
   * system or null), position [x, y] in m, usb (plugged in), cache (a function making the cache model, or null),
   * ppm (how much longer than a second the crystal's second is)}.
   */
  constructor(world, setup, nanos) {
    this.world = world;
    this.name = setup.name;
    this.wiring = setup.wiring;
    this.position = setup.position;
    this.ppm = setup.ppm ?? 0;
    this.makeCache = setup.cache ?? (() => null);
    this.clock = new Clock(nanos);
    this.energy = new Energy();
    this.makeWires();
    this.pins.onContention = (gpio) => this.refuse('pins', `GPIO${gpio} is driven by the chip and by a part at once`);
    this.generators = new Map();
    this.dutyListeners = new Map();
    this.parts = new Map();
    this.chip = null;
    this.cut = null;
    this.boots = 0;
    this.refusals = 0;
    this.resets = { watchdog: 0, forced: 0 };
    this.totals = { busyNanos: 0, stallNanos: 0, idleNanos: 0, sleepNanos: 0 };
    this.batteryMillivolts = 4100;
    this.makeFlash(setup.firmware, setup.flash);
    this.makeUsb(setup.usb !== false);
  }

  makeWires() {
    this.pins = new Pins(this.clock);
    this.pins.onFunction = (gpio) => this.dutyChanged(gpio);
    this.buses = {
      spi: [{ exchange: null }, { exchange: null }],
      i2c: [new TwoWire(this.pins), new TwoWire(this.pins)],
      uart: [new SerialLine(this.clock), new SerialLine(this.clock)],
    };
  }

  makeFlash(firmware, image) {
    const { size, fs_offset: offset } = this.wiring.FLASH;
    const bytes = new Uint8Array(size).fill(0xff);
    bytes.set(firmware, this.constructor.CHIP.firmwareAt);
    if (image) bytes.set(image, offset);
    this.flash = new Flash(bytes, size);
    this.flash.onDone = (count) => {
      if (this.cut && !this.cut.torn && count >= this.cut.operation) this.powerCut(false);
    };
  }

  makeUsb(plugged) {
    this.serial = [];
    this.usb = new UsbHost(this.clock);
    this.usb.plugged = plugged;
    this.usb.onData = (bytes) => this.serial.push(Buffer.from(bytes));
    this.usb.onOpen = (nanos) => this.tell('port', { time_us: Math.floor(nanos / 1000) });
  }

  tell(event, values) {
    this.world.notify({ event, board: this.name, ...values });
  }

  get micros() {
    return Math.floor(this.clock.nanosCounter / 1000);
  }

  refuse(part, sentence) {
    this.refusals += 1;
    this.tell('refused', { part, sentence, time_us: this.micros });
  }

  /** A 32-bit random number; each purpose has its own sequence. */
  random(purpose) {
    let next = this.generators.get(purpose);
    if (!next) {
      next = generator(hash(`${this.world.seed} ${this.name} ${purpose}`));
      this.generators.set(purpose, next);
    }
    return next();
  }

  /** Solders a part on: `Part` is the class of its file. */
  addPart(chip, Part, wiring, options) {
    this.parts.set(chip, new Part(new PartHost(this, chip, wiring), wiring, options));
  }

  routed(gpios, pinFunction) {
    return this.chip !== null && gpios.every((gpio) => this.chip.mcu.gpio[gpio].functionSelect === pinFunction);
  }

  // ---- power ----

  power(on) {
    if (on === (this.chip !== null)) return;
    if (on) this.powerOn();
    else this.powerCut(false);
  }

  powerOn() {
    this.boots += 1;
    this.drivePower();
    for (const part of this.parts.values()) part.reset();
    this.chip = this.makeChip();
    this.tell('power', { on: true, time_us: this.micros });
  }

  makeChip() {
    return new Chip({
      clock: this.clock,
      flash: this.flash,
      usb: this.usb,
      pins: this.pins,
      buses: this.buses,
      cache: this.makeCache(),
      random: () => this.random('oscillator') >>> 7,
      uid: this.identity(8),
      board: this,
      rate: 1 + this.ppm * 1e-6,
    });
  }

  /** Bytes that are this board's own. */
  identity(count) {
    return Array.from({ length: count }, (_, i) => hash(`${this.name} ${i}`) & 0xff);
  }

  /** Pins and inputs that follow from the supply: USB present, battery voltage. */
  drivePower() {
    const { vbus } = this.wiring.PINS;
    if (vbus !== undefined) this.pins.drive(vbus, this.usb.plugged ? 1 : 0);
  }

  /** Prepares a fresh chip object (power-on or reset): analog inputs, duty listeners, notices. */
  onChipBoot(chip) {
    this.driveBattery(chip);
    chip.pwm.onSlice = (slice) => this.sliceChanged(slice);
  }

  /** The cell behind its divider. */
  dividedMillivolts() {
    const { divide, by = 1 } = this.wiring.BATTERY;
    return (this.batteryMillivolts * by) / divide;
  }

  driveBattery(chip) {
    const { adc } = this.wiring.BATTERY ?? {};
    if (adc === undefined) return;
    const level = (this.dividedMillivolts() / VSYS_FULL_SCALE_MV) * 4095;
    chip.mcu.adc.channelValues[adc] = Math.max(0, Math.min(4095, Math.round(level)));
  }

  onChipReset(reason) {
    const cause = this.constructor.CHIP.resets[reason];
    this.resets[cause] += 1;
    this.boots += 1;
    this.tell('reset', { cause, time_us: this.micros });
  }

  /** The chip hangs: a hard fault of the firmware, or a watchdog that met a stopped oscillator. */
  onChipLockUp(sentence) {
    this.tell('locked', { sentence, time_us: this.micros });
  }

  /** Power goes now; an operation of the flash under way is lost, or with `torn` half done. */
  powerCut(torn) {
    const { chip } = this;
    if (!chip) return;
    this.cut = null;
    chip.interruptFlash(torn);
    for (const key of Object.keys(this.totals)) this.totals[key] += chip[key];
    this.chip = null;
    chip.die();
    for (const part of this.parts.values()) part.off();
    for (const line of this.buses.uart) line.disconnect();
    this.usb.lose();
    this.pins.detach();
    this.energy.off(this.clock.nanosCounter);
    this.tell('power', { on: false, torn, flash_operations: this.flash.operations, time_us: this.micros });
  }

  /** Arms a power cut: at an instant (us), or after so many more flash operations, the last one torn or whole. */
  cutPower({ at_us: at, after_flash_op: count, torn = false }) {
    if (at !== undefined && at !== null) {
      const alarm = this.clock.createAlarm(() => this.powerCut(torn));
      alarm.outside = true;
      alarm.at(at * 1000);
    } else {
      this.cut = { operation: this.flash.operations + count, torn };
    }
  }

  /** Whether the flash operation that begins now is the one to be torn. */
  tearsNext() {
    return this.cut !== null && this.cut.torn && this.flash.operations + 1 >= this.cut.operation;
  }

  run(until) {
    while (this.clock.nanosCounter < until) {
      if (this.chip) this.runChip(this.chip, until);
      else this.clock.advance(until);
      if (this.chip && this.chip.until < until) return;
    }
  }

  runChip(chip, until) {
    try {
      chip.run(until);
    } catch (error) {
      if (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError) throw error;
      chip.lockUp(error.message);
    }
  }

  /** The earliest instant at which this board can do anything (ns). */
  wakesAt() {
    const { clock, chip } = this;
    if (!chip || chip.locked) return clock.nextNanos;
    if (!chip.resting) return clock.nanosCounter;
    return clock.nextNanos;
  }

  // ---- from outside, at horizons ----

  /** The file system's part of the flash. */
  fileSystem() {
    const { fs_offset: offset, fs_size: size } = this.wiring.FLASH;
    return this.flash.bytes.subarray(offset, offset + size);
  }

  /** Another image in the file system's place, as a programmer would write it; only without power. */
  replaceFileSystem(image) {
    if (this.chip) throw new Error(`${this.name} is powered: switch it off before its flash is written from outside`);
    this.fileSystem().fill(0xff);
    this.fileSystem().set(image);
  }

  /** The USB cable, which is also what VBUS shows. */
  plug(plugged) {
    this.usb.plug(plugged);
    if (this.chip) this.drivePower();
  }

  lines() {
    throw new Error(`${this.name} has no DTR and RTS that reset it: its USB is the chip's own; use power, or machine.reset()`);
  }

  part(name) {
    const part = this.parts.get(name);
    if (!part) throw new Error(`${this.name} has no part ${name}; it has ${[...this.parts.keys()].join(', ') || 'none'}`);
    return part;
  }

  /** New values of a part's surroundings; "battery" {mv} is the supply that the chip's ADC sees. */
  set(name, values) {
    if (name !== 'battery') {
      this.part(name).set(values);
      return;
    }
    this.batteryMillivolts = values.mv;
    if (this.chip) this.driveBattery(this.chip);
  }

  // ---- measuring ----

  /** Fraction of time at high level at a pin over the last `windowNanos`, at least one PWM period. */
  duty(gpio, windowNanos = 0) {
    if (!this.pins.isPwm(gpio)) return this.pins.level(gpio);
    const { pwm } = this.chip;
    const now = this.clock.nanosCounter;
    const period = pwm.periodNanos(gpio);
    const periods = Math.max(1, Math.floor(windowNanos / (period || 1)));
    return pwm.duty(gpio, now - (period ? periods * period : 0), now);
  }

  onDuty(gpio, listener) {
    const listeners = this.dutyListeners.get(gpio) ?? [];
    listeners.push(listener);
    this.dutyListeners.set(gpio, listeners);
    if (listeners.length === 1) this.pins.onChange(gpio, () => this.dutyChanged(gpio));
  }

  sliceChanged(slice) {
    for (const gpio of this.dutyListeners.keys()) if (((gpio >> 1) & 7) === slice) this.dutyChanged(gpio);
  }

  dutyChanged(gpio) {
    const listeners = this.dutyListeners.get(gpio);
    if (!listeners) return;
    const [duty, hz] = this.dutyNow(gpio);
    for (const listener of listeners) listener(duty, hz, this.clock.nanosCounter);
  }

  /** The duty that the present settings give, and its frequency; 0 Hz for a plain level. */
  dutyNow(gpio) {
    const period = this.pins.isPwm(gpio) ? this.chip.pwm.periodNanos(gpio) : 0;
    if (!period) return [this.pins.level(gpio), 0];
    const now = this.clock.nanosCounter;
    return [this.chip.pwm.now((gpio >> 1) & 7).high(now, now + period, gpio & 1) / period, 1e9 / period];
  }

  ledger() {
    const sum = { ...this.totals };
    for (const key of Object.keys(sum)) sum[key] += this.chip ? this.chip[key] : 0;
    const micros = (nanos) => Math.round(nanos / 1000);
    const parts = {};
    for (const [name, part] of this.parts) parts[name] = part.ledger();
    return {
      time_us: this.micros,
      cpu_busy_us: micros(sum.busyNanos),
      flash_stall_us: micros(sum.stallNanos),
      awake_us: micros(sum.busyNanos + sum.stallNanos + sum.idleNanos),
      sleep_us: micros(sum.sleepNanos),
      boots: this.boots,
      resets: { ...this.resets },
      refused: this.refusals,
      flash: { erases: this.flash.erases, programs: this.flash.programs, operations: this.flash.operations },
      energy: { [this.constructor.CHIP.name]: this.chipEnergy(sum), ...this.energy.report(this.clock.nanosCounter) },
      parts,
    };
  }

  chipEnergy({ busyNanos, idleNanos, stallNanos, sleepNanos }) {
    const state = (nanos, microamps) => ({ seconds: nanos / 1e9, microampere_hours: (nanos / 3.6e12) * microamps });
    const { run, idle, flash, sleep } = this.constructor.CHIP.microamps;
    return { run: state(busyNanos, run), idle: state(idleNanos, idle), flash: state(stallNanos, flash), sleep: state(sleepNanos, sleep) };
  }
}
