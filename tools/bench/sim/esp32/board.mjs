// A board with an ESP32: the same parts, air, clock and ledger as one with an RP2040, another chip in its middle.
import { Board } from '../chip/board.mjs';
import { SerialLine, TwoWire } from '../chip/lines.mjs';
import { Esp32 } from './chip.mjs';
import { RESET } from './reset.mjs';
import { BOOT_LOADER, bootable } from './image.mjs';
import { checkFileSystem } from './partitions.mjs';
import { autoReset, Bridge } from './serial.mjs';
import { nothingSpent, spend } from './spent.mjs';
import { Wires } from './wires.mjs';

// Matrix signals of the buses, by controller (TRM 4.9): clock, data out, data in; data and clock; transmit, receive.
const SPI = { 1: { sck: 8, mosi: 10, miso: 9 }, 2: { sck: 63, mosi: 65, miso: 64 } };
const I2C = [{ scl: 29, sda: 30 }, { scl: 95, sda: 96 }];
const UART_RX = [14, 17, 198];
const KINDS = { 1: 'spi', 2: 'uart', 3: 'i2c' };
// ESP32 datasheet, table "Power consumption by power modes", uA, without Wi-Fi and Bluetooth: modem sleep by frequency, the low
// end of each range while both cores wait and the middle while one runs; 40 MHz, which it does not give, is half of 80 (assumed).
// Deep sleep with RTC timer and memory. The chip alone: a board's regulators are not in it.
const MICROAMPS = { run: { 40: 12750, 80: 25500, 160: 35500, 240: 49000 }, idle: { 40: 10000, 80: 20000, 160: 27000, 240: 30000 },
  light: 800, deep: 10 };
const RESETS = { [RESET.power]: 'enable', [RESET.software]: 'forced', [RESET.cpu]: 'forced', [RESET.timerGroup0]: 'watchdog', [RESET.timerGroup1]: 'watchdog',
  [RESET.rtcWatchdog]: 'watchdog', [RESET.rtcCore]: 'watchdog', [RESET.rtcCpu]: 'watchdog', [RESET.brownOut]: 'brownout', [RESET.deepSleep]: 'deepsleep' };

export class Esp32Board extends Board {
  static CHIP = { name: 'esp32', microamps: MICROAMPS, resets: RESETS, firmwareAt: BOOT_LOADER };

  makeWires() {
    this.pins = new Wires(this.clock);
    this.buses = {
      spi: [0, 1, 2].map(() => ({ exchange: null })),
      i2c: [new TwoWire(this.pins), new TwoWire(this.pins)],
      uart: [0, 1, 2].map(() => new SerialLine(this.clock)),
    };
  }

  /** Raises an Error for an image that this chip does not start or whose file system is not where the board file has it. */
  makeFlash(firmware, image) {
    const { size } = this.wiring.FLASH;
    if (BOOT_LOADER + firmware.length > size) throw new Error(`the image has ${firmware.length} bytes, the flash ${size}: give an image for this size`);
    super.makeFlash(firmware, image);
    bootable(this.flash.bytes);
    checkFileSystem(this.flash.bytes, this.wiring.FLASH);
  }

  makeUsb(plugged) {
    this.spent = nothingSpent(); // by the chips before the last power cut
    Object.assign(this.resets, { deepsleep: 0, enable: 0, brownout: 0 });
    this.enabled = true; // EN is high
    this.serial = [];
    this.usb = new Bridge(this.clock);
    this.usb.plugged = plugged;
    this.usb.onData = (bytes) => this.serial.push(Buffer.from(bytes));
    this.usb.onOpen = (nanos) => this.tell('port', { time_us: Math.floor(nanos / 1000) });
  }

  makeChip() {
    return new Esp32({
      clock: this.clock,
      cached: this.makeCache() !== null,
      flash: this.flash,
      wires: this.pins,
      buses: this.buses,
      random: () => this.random('oscillator'),
      uid: [0x24, 0x0a, 0xc4, ...this.identity(3)], // 24:0A:C4 is Espressif's
      board: this,
      note: (text) => this.tell('note', { text, time_us: this.micros }),
    });
  }

  onChipBoot(chip) {
    this.usb.attach(chip.units.uart[0]);
    for (const n of [1, 2]) {
      const listens = (rx) => !chip.stopped && (rx === undefined || chip.units.gpio.hears(rx, UART_RX[n]));
      this.buses.uart[n].connect(chip.units.uart[n], listens);
    }
    chip.dutyMoved = () => { for (const gpio of this.dutyListeners.keys()) this.dutyChanged(gpio); };
  }

  /** The host sets DTR and RTS of the bridge (true: asserted); EN and GPIO0 follow. */
  lines(values) {
    const { enable, boot } = autoReset(values);
    this.pins.drive(0, boot ? null : 0);
    const was = this.enabled;
    this.enabled = enable;
    if (!this.chip || was === enable) return;
    if (enable) this.chip.release();
    else this.chip.hold();
  }

  /** unknown: accesses to units without a model since power-on, by name. */
  ledger() {
    return { ...super.ledger(), unknown: Object.fromEntries(this.chip?.unknown ?? []) };
  }

  /** As of every board; what the chip spent in each state stays in the ledger. */
  powerCut(torn) {
    const { chip } = this;
    if (chip) spend(this.spent, chip.spent);
    super.powerCut(torn);
  }

  /** {run_160, idle_160, ... light, deep}: seconds and charge; a frequency that was never used is left out. */
  chipEnergy() {
    const found = {};
    const spent = nothingSpent();
    for (const part of [this.spent, this.chip?.spent]) if (part) spend(spent, part);
    const add = (state, nanos, microamps) => { found[state] = { seconds: nanos / 1e9, microampere_hours: (nanos / 3.6e12) * microamps }; };
    for (const state of ['run', 'idle']) {
      for (const [mhz, microamps] of Object.entries(MICROAMPS[state])) {
        if (spent[state][mhz]) add(`${state}_${mhz}`, spent[state][mhz], microamps);
      }
    }
    for (const state of ['light', 'deep']) add(state, spent[state], MICROAMPS[state]);
    return found;
  }

  driveBattery() {} // read at the pin: `millivolts`

  /** As of every board; "supply" {mv} is what the chip itself has. */
  set(name, values) {
    if (name === 'supply') this.chip?.supply(values.mv);
    else super.set(name, values);
  }

  /** What the ADC sees at a pin. */
  millivolts(gpio) {
    const { BATTERY: battery } = this.wiring;
    if (battery?.adc === gpio) return this.dividedMillivolts();
    return this.pins.levels[gpio] ? 3300 : 0;
  }

  /** Whether a bus reaches these pins. gpios in the order of the part's wires: sck, mosi, miso or sda, scl. */
  routed(gpios, pinFunction) {
    const { chip } = this;
    if (!chip) return false;
    const { gpio } = chip.units;
    if (KINDS[pinFunction] === 'spi') {
      const [sck, mosi, miso] = gpios;
      return Object.values(SPI).some((s) => gpio.sends(sck, s.sck) && gpio.sends(mosi, s.mosi) && gpio.hears(miso, s.miso));
    }
    const [sda, scl] = gpios;
    return I2C.some((s) => gpio.sends(sda, s.sda) && gpio.sends(scl, s.scl));
  }

  dutyNow(gpio) {
    const channel = this.chip?.units.ledc.channelAt(gpio);
    if (channel === undefined) return [this.pins.level(gpio), 0];
    const { duty, hertz } = this.chip.units.ledc.output(channel);
    return [duty, hertz];
  }

  duty(gpio) {
    return this.dutyNow(gpio)[0];
  }
}
