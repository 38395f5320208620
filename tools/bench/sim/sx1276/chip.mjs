/**
 * Semtech SX1276 with a clock: pins, registers over SPI, modes. Sending and receiving is beside it (modem.mjs). LoRa only.
 * What the datasheet forbids is refused with a reason and not carried out.
 * Source: Semtech SX1276/77/78/79 datasheet rev 7, 2.5 (times), 4.1 (LoRa modem), 4.2 (SPI), 4.3 (DIO), 7.2 (reset).
 */

import { Transceiver } from '../air/transceiver.mjs';
import { stateMicroamps, txMicroamps } from './current.mjs';
import { Modem } from './modem.mjs';
import { IMAGE_CAL, IRQ, accessOf, fresh, isPaged, nameOf } from './registers.mjs';

const POWER_NS = 10e6; // 7.2.1
const RESET_NS = 5e6; // 7.2.2
const OSCILLATOR_NS = 250e3; // TS_OSC, table 7
const SYNTHESISER_NS = 60e3; // TS_FS, table 7
const IMAGE_NS = 10e6; // 3.5.7.3
const LORA = 0x80;
const OTHER_PAGE = 0x40;
const MODES = ['sleep', 'stdby', 'fstx', 'tx', 'fsrx', 'rxcontinuous', 'rxsingle', 'cad'];
const STDBY = 1;
const IDLE = ['sleep', 'stdby', 'fstx'];
/** What each pin shows, by its two bits of RegDioMapping1; 0: nothing that is modelled. Table 18. */
const DIO0 = [IRQ.rxDone, IRQ.txDone, 0, 0];
const DIO1 = [IRQ.timeout, 0, 0, 0];

export class SX1276 extends Transceiver {
  static BUS = 'spi';

  /** wiring: {spi, nss, reset, dio0, dio1}. The antenna is at PA_BOOST. */
  constructor(host, wiring, options = {}) {
    super(host, wiring);
    this.set(options);
    this.modem = new Modem(this);
    this.#wipe();
    this.pins = Object.fromEntries(['nss', 'reset', 'dio0', 'dio1'].map((name) => [name, host.pin(wiring[name])]));
    this.pins.nss.onChange((level) => (this.frame = level ? null : []));
    this.pins.reset.onChange((level) => this.resetPin(level, () => this.#start(RESET_NS)));
    host.spi(wiring.spi).onTransfer((byte) => this.#transfer(byte));
  }

  /** It has no options. Raises Error for any name. */
  set(values) {
    for (const key of Object.keys(values)) throw new Error(`sx1276 has no "${key}"; it has no options`);
  }

  /** Power on: SPI answers after 10 ms. */
  reset() {
    this.#start(POWER_NS);
  }

  /** Power is gone. */
  off() {
    this.stop();
    this.pins.dio0.drive(null);
    this.pins.dio1.drive(null);
    this.enter('off');
  }

  /** Reports what is not carried out. */
  fail(sentence) {
    this.host.refuse(`SX1276: ${sentence}`);
  }

  // --- pins and SPI ----------------------------------------------------------------------------------------------

  #start(ns) {
    this.stop();
    this.#wipe();
    this.raise(0);
    this.readyNs = this.host.now() + ns;
    this.enter('stdby');
  }

  #transfer(byte) {
    if (!this.frame || this.mode === 'off' || this.mode === 'reset') return 0;
    const at = this.frame.push(byte) - 1;
    if (at === 0) {
      if (this.host.now() < this.readyNs) this.fail('SPI within 5 ms after reset, or 10 ms after power came');
      return 0;
    }
    const first = this.frame[0];
    const address = first & 0x7f ? (first + at - 1) & 0x7f : 0; // a burst goes on to the next register, but stays at the FIFO
    if (!(first & 0x80)) return this.#read(address);
    this.#write(address, byte);
    return 0;
  }

  #read(address) {
    if (address === 0) return this.#fifo();
    if (!this.lora && isPaged(address)) return address === IMAGE_CAL.address ? this.imageCal : 0;
    return this.modem.live(address) ?? this.registers[address];
  }

  #write(address, value) {
    if (address === 0) this.#fifo(value);
    else if (address === 0x01) this.#setMode(value);
    else if (address === 0x12) this.#clear(value);
    else if (!this.lora && isPaged(address)) this.#writeFsk(address, value);
    else if (this.#writable(address)) {
      this.registers[address] = value;
      if (address === 0x40) this.raise(0);
    }
  }

  #writable(address) {
    const access = accessOf(address);
    if (!access) this.fail(`${nameOf(address)} is reserved, or not modelled`);
    else if (access === 'none') this.fail(`${nameOf(address)} is read only`);
    else if (access === 'idle' && !IDLE.includes(this.mode)) this.fail(`${nameOf(address)} is not to be written in ${this.mode} (4.1.2)`);
    else return true;
    return false;
  }

  #writeFsk(address, value) {
    if (address !== IMAGE_CAL.address) return this.fail(`${nameOf(address)} outside LoRa mode: only RegImageCal is modelled there`);
    this.imageCal = value & ~(IMAGE_CAL.start | IMAGE_CAL.running);
    if (!(value & IMAGE_CAL.start)) return undefined;
    if (this.mode !== 'stdby') return this.fail(`the image is calibrated in standby only, not in ${this.mode}`);
    this.imageCal |= IMAGE_CAL.running;
    this.imageHz = this.frequency();
    this.alarm('image', this.host.now() + IMAGE_NS, () => (this.imageCal &= ~IMAGE_CAL.running));
    return undefined;
  }

  /** One byte of the FIFO, read or (value given) written; its pointer moves on. */
  #fifo(value) {
    if (!this.lora) return this.fail('the FIFO outside LoRa mode is not modelled') ?? 0;
    if (this.mode === 'sleep') return this.fail('there is no FIFO in sleep (4.1.2.3)') ?? 0;
    if (value !== undefined && this.mode !== 'stdby')
      return this.fail(`the FIFO can be filled in standby only, not in ${this.mode} (4.1.2.3)`) ?? 0;
    const at = this.registers[0x0d];
    this.registers[0x0d] = (at + 1) & 255;
    if (value !== undefined) this.fifo[at] = value;
    return this.fifo[at];
  }

  // --- modes -----------------------------------------------------------------------------------------------------

  get lora() {
    return Boolean(this.registers[0x01] & LORA);
  }

  get boosted() {
    return (this.registers[0x0c] & 3) === 3;
  }

  /** Hz, of RegFrf: steps of 61 Hz. */
  frequency() {
    const [, , , , , , msb, mid, lsb] = this.registers;
    return Math.round(((msb << 16) | (mid << 8) | lsb) * (32e6 / 2 ** 19));
  }

  #wipe() {
    Object.assign(this, {
      registers: fresh(),
      fifo: new Uint8Array(256),
      imageCal: IMAGE_CAL.value,
      imageHz: 434e6, // the chip calibrates itself when power comes, at the frequency after reset
      readyNs: 0,
    });
    this.modem.forget();
  }

  #setMode(value) {
    const mode = MODES[value & 7];
    const switched = (value ^ this.registers[0x01]) & LORA;
    if (switched && this.mode !== 'sleep' && mode !== 'sleep')
      return this.fail(`LongRangeMode changes in sleep only, not in ${this.mode} (4.1.2.1)`);
    if (value & OTHER_PAGE) return this.fail('AccessSharedReg is not modelled');
    if (mode === 'cad' || (!(value & LORA) && !['sleep', 'stdby'].includes(mode)))
      return this.fail(mode === 'cad' ? 'CAD is not modelled' : `${mode} outside LoRa mode: FSK and OOK are not modelled`);
    if (this.imageCal & IMAGE_CAL.running) return this.fail('the mode was changed while the image is calibrated');
    this.registers[0x01] = value;
    return this.#change(mode);
  }

  #change(mode) {
    if (mode === this.mode) return;
    const asleep = this.mode === 'sleep';
    const locked = this.mode === 'fsrx' || this.mode === 'fstx';
    this.modem.halt();
    this.enter(mode);
    if (mode === 'sleep') this.fifo.fill(0);
    if (IDLE.includes(mode) || mode === 'fsrx') return;
    const ns = (asleep ? OSCILLATOR_NS : 0) + (locked ? 0 : SYNTHESISER_NS);
    if (mode === 'tx') this.modem.startTx(ns);
    else this.modem.startRx(ns, mode === 'rxcontinuous');
  }

  /** The chip went to standby by itself. */
  toStandby() {
    this.registers[0x01] = (this.registers[0x01] & ~7) | STDBY;
    this.enter('stdby');
  }

  enter(mode) {
    this.mode = mode;
    const state = mode.startsWith('rx') ? 'rx' : mode;
    const high = this.registers[0x4d] === 0x87;
    const ua = state === 'tx' ? txMicroamps(this.modem.conductedDbm(), high) : stateMicroamps(state, this.boosted);
    this.host.current('sx1276', state, ua);
  }

  stop() {
    this.modem.halt();
    this.cancel('image');
    this.frame = null;
  }

  // --- interrupts ------------------------------------------------------------------------------------------------

  #clear(bits) {
    this.registers[0x12] &= ~bits;
    this.raise(0);
  }

  /** Interrupts that RegIrqFlagsMask does not hide are noted, and shown by the pins that are mapped to them. */
  raise(bits) {
    const [flags, mapping] = [(this.registers[0x12] |= bits & ~this.registers[0x11]), this.registers[0x40]];
    this.pins?.dio0.drive(flags & DIO0[mapping >> 6] ? 1 : 0);
    this.pins?.dio1.drive(flags & DIO1[(mapping >> 4) & 3] ? 1 : 0);
  }
}
