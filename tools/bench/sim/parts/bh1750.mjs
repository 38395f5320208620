/**
 * ROHM BH1750FVI: ambient light sensor on I2C. Opcodes, measuring times, MTreg and saturation as in its datasheet.
 * lux = counts / 1.2 at MTreg 69. Source: ROHM BH1750FVI technical note 2011.11 rev D, instruction set and electrical table.
 */

import { HeldSda } from '../held_sda.mjs';
import { Surroundings } from '../surroundings.mjs';

const MODES = {
  0x10: { gain: 1, step: 1, once: false },
  0x11: { gain: 2, step: 1, once: false },
  0x13: { gain: 1, step: 4, once: false },
  0x20: { gain: 1, step: 1, once: true },
  0x21: { gain: 2, step: 1, once: true },
  0x23: { gain: 1, step: 4, once: true },
};
const COUNTS_PER_LUX = 1.2;
const MTREG = { usual: 69, least: 31, most: 254 };
const HIGH_NS = [120e6, 180e6]; // typical, longest
const LOW_NS = [16e6, 24e6];
const DRAW_UA = { on: 120, down: 0.01 };
const FULL = 65535;

export class BH1750 {
  static BUS = 'i2c';

  /** wiring: {i2c, addr: 0x23 or 0x5C}. options: as `set`. Raises Error for another address. */
  constructor(host, wiring, options = {}) {
    const address = wiring.addr ?? 0x23;
    if (address !== 0x23 && address !== 0x5c) throw new Error(`bh1750 at address ${address}: its ADDR pin gives 0x23 or 0x5C`);
    this.host = host;
    this.slowness = host.random(); // of this one sample of the part, between typical and longest
    this.around = new Surroundings('bh1750', { lux: 100, absent: false });
    Object.assign(this, { powered: false, alarm: null, measured: 0 });
    this.sda = new HeldSda(host, wiring);
    this.set(options);
    this.#wake();
    host.i2c(wiring.i2c).attach(address, {
      start: () => this.#present() && ((this.index = 0), true),
      write: (byte) => this.#write(byte),
      read: () => [this.data >> 8, this.data & 255][this.index++] ?? 0xff,
      stop: () => {},
    });
  }

  /**
   * values: lux (number or schedule), absent (no acknowledgement at the address), sda_held (it was left in the middle of a
   * byte: it holds SDA low until SCL rose so many times, 1 to 9; it and the bus answer nothing meanwhile).
   */
  set({ sda_held: held = 0, ...values }) {
    this.around.set(values);
    if (held) this.sda.hold(held);
  }

  /** Power on: powered down, data 0, MTreg 69. */
  reset() {
    this.powered = true;
    this.#wake();
    this.#show();
  }

  off() {
    this.powered = false;
    this.alarm?.cancel();
    this.host.current('bh1750', 'off', 0);
  }

  /** {measurements, mtreg, on}. */
  ledger() {
    return { measurements: this.measured, mtreg: this.mtreg, on: this.on };
  }

  #wake() {
    Object.assign(this, { on: false, data: 0, mtreg: MTREG.usual, mode: null, index: 0 });
  }

  #present() {
    return this.powered && !this.sda.times && !this.around.get('absent', this.host.now());
  }

  #show() {
    this.host.current('bh1750', this.on ? 'on' : 'down', this.on ? DRAW_UA.on : DRAW_UA.down);
  }

  #write(opcode) {
    if (this.index++) return this.#refuse(`takes one opcode a transfer, 0x${opcode.toString(16)} came as another`);
    if (MODES[opcode]) this.#measure(MODES[opcode]);
    else if (opcode === 0x00 || opcode === 0x01) this.#power(opcode === 0x01);
    else if (opcode === 0x07) return this.#clear();
    else if ((opcode & 0xf8) === 0x40) this.mtreg = ((opcode & 7) << 5) | (this.mtreg & 0x1f);
    else if ((opcode & 0xe0) === 0x60) this.#mtregLow(opcode & 0x1f);
    else return this.#refuse(`has no opcode 0x${opcode.toString(16)}`);
    return true;
  }

  #refuse(sentence) {
    this.host.refuse(`BH1750: it ${sentence}`);
    return true;
  }

  #power(on) {
    this.on = on;
    this.alarm?.cancel();
    this.#show();
  }

  #clear() {
    if (!this.on) return this.#refuse('takes the reset opcode only when powered on');
    this.data = 0;
    return true;
  }

  #mtregLow(bits) {
    this.mtreg = (this.mtreg & 0xe0) | bits;
    if (this.mtreg < MTREG.least || this.mtreg > MTREG.most)
      this.#refuse(`has MTreg ${MTREG.least} to ${MTREG.most}, not ${this.mtreg}`);
  }

  /** The result is there after the measuring time, which grows with MTreg; until then the old one is read. */
  #measure(mode) {
    this.#power(true);
    this.mode = mode;
    const [typical, longest] = mode.step === 4 ? LOW_NS : HIGH_NS;
    const ns = ((typical + (longest - typical) * this.slowness) * this.mtreg) / MTREG.usual;
    this.due = this.host.now() + ns;
    this.alarm = this.host.at(this.due, () => this.#finish(ns));
  }

  #finish(ns) {
    const lux = Math.max(0, this.around.get('lux', this.host.now()) ?? 0);
    const counts = (lux * COUNTS_PER_LUX * this.mode.gain * this.mtreg) / MTREG.usual;
    this.data = Math.min(FULL, this.mode.step * Math.floor(counts / this.mode.step));
    this.measured++;
    if (this.mode.once) this.#power(false);
    else this.alarm = this.host.at(this.host.now() + ns, () => this.#finish(ns));
  }
}
