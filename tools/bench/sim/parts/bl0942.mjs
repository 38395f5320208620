/**
 * Belling BL0942: mains meter on a UART: it answers 58 AA with a packet of 23 bytes; its count of energy ends with its supply.
 * Source: BL0942 datasheet V1.06 as esphome/components/bl0942 has it (packet, checksum, counts a unit); 3 mA. Noise and drift are
 * assumed. It is supplied by the mains that it measures.
 */

import { garble } from '../garble.mjs';
import { gauss } from '../random.mjs';
import { Surroundings } from '../surroundings.mjs';

const [ASK, PACKET, HEAD] = [0x58, 0xaa, 0x55];
const BAUD = 4800;
const REFERENCE_V = 1.218;
const [I_COUNTS, V_COUNTS, P_COUNTS, PULSE] = [305978, 73989, 3537, 1638.4 * 256];
const DRAW_UA = 3000;
const ANSWER_NS = 150e3; // assumed
const LEAST_V = 80; // below it its supply gives way: assumed

export class BL0942 {
  static BUS = 'uart';

  /** wiring: {uart, tx, rx, shunt_uohm, upper_ohm, lower_ohm}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    const { shunt_uohm: shunt = 1000, upper_ohm: upper = 1950000, lower_ohm: lower = 510 } = wiring;
    Object.assign(this, { host, board: false, pulses: 0, sinceNs: 0, asked: 0, answers: 0, last: null });
    this.milliohm = shunt / 1000;
    this.ratio = lower / (upper + lower);
    this.uart = host.uart(wiring.uart);
    this.around = new Surroundings('bl0942', {
      volts: 230, watts: 40, power_factor: 0.95, noise: 1, drift: 0, garbled: 0, stuck: false, absent: false, brown: false,
    }); // prettier-ignore
    this.around.set(options);
    this.uart.onByte((byte) => this.#byte(byte));
  }

  /**
   * values: volts, watts (of the load; negative: its shunt is the other way round), power_factor, noise (times its own), drift (per
   * cent, of its resistors), garbled (share of the packets with a wrong bit), stuck (the last packet again and again), absent (its
   * optocouplers are out), brown (its supply gives way: silent, and the energy begins anew).
   */
  set(values) {
    this.#count();
    this.around.set(values);
    if (!this.#alive()) this.pulses = 0;
  }

  reset() {
    this.board = true;
    this.sinceNs = this.host.now();
    this.host.current('bl0942', 'on', DRAW_UA);
  }

  off() {
    this.board = false;
    this.pulses = 0;
    this.host.current('bl0942', 'off', 0);
  }

  /** {answers, pulses: of energy since its power came}. */
  ledger() {
    this.#count();
    return { answers: this.answers, pulses: Math.floor(this.pulses) };
  }

  #get(name) {
    return this.around.get(name, this.host.now());
  }

  #alive() {
    return this.board && !this.#get('brown') && this.#get('volts') >= LEAST_V;
  }

  /** Counts of power for so many watts, of its inputs in mV. */
  #power(watts) {
    return (P_COUNTS * watts * 1000 * this.milliohm * this.ratio) / REFERENCE_V ** 2;
  }

  #count() {
    const now = this.host.now();
    if (this.#alive()) this.pulses += (Math.abs(this.#power(this.#get('watts'))) * ((now - this.sinceNs) / 1e9)) / PULSE;
    this.sinceNs = now;
  }

  #byte(byte) {
    if (this.asked === ASK && byte === PACKET) this.#asked();
    else if (byte !== ASK) this.host.refuse(`BL0942: it is asked by 58 AA alone, 0x${byte.toString(16)} came`);
    this.asked = byte;
  }

  #asked() {
    if (!this.#alive() || this.#get('absent')) return;
    this.#count();
    if (this.last === null || !this.#get('stuck')) this.last = this.#measure();
    const packet = [...this.last];
    garble(packet, this.#get('garbled'), () => this.host.random());
    this.host.at(this.host.now() + ANSWER_NS, () => {
      this.answers++;
      if (this.uart.open()) this.uart.send(packet, BAUD);
    });
  }

  #measure() {
    const off = () => 1 + this.#get('drift') / 100 + this.#get('noise') * 0.001 * gauss(() => this.host.random());
    const [volts, watts] = [this.#get('volts'), this.#get('watts')];
    const amperes = Math.abs(watts) / volts / this.#get('power_factor');
    const numbers = [
      (I_COUNTS * amperes * this.milliohm * off()) / REFERENCE_V,
      (V_COUNTS * volts * 1000 * this.ratio * off()) / REFERENCE_V,
      (I_COUNTS * amperes * this.milliohm) / REFERENCE_V,
      this.#power(watts) * off(),
      Math.floor(this.pulses) % 2 ** 24,
    ];
    const raw = [HEAD, ...numbers.flatMap((one) => [0, 8, 16].map((at) => (Math.round(one) >> at) & 255)), 0x20, 0x4e, 0, 0, 0, 0];
    return [...raw, ~raw.reduce((sum, one) => sum + one, ASK) & 255];
  }
}
