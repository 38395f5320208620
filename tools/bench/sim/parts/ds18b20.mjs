/**
 * Maxim DS18B20: thermometer on a 1-Wire line, with its own supply: scratchpad, EEPROM, conversion by resolution, currents.
 * Source: DS18B20 datasheet 19-7487 rev 6. How long a conversion takes between half and all of its longest time, and noise, are assumed.
 */

import { OneWireDevice } from '../one_wire_device.mjs';
import { gauss } from '../random.mjs';
import { Supplied } from '../supply.mjs';
import { Surroundings } from '../surroundings.mjs';

const FAMILY = 0x28;
const EEPROM = [0x4b, 0x46, 0x7f]; // TH, TL, configuration as shipped
const POWER_ON = 85 * 16; // the temperature register's value until the first conversion
const LONGEST_NS = [93.75e6, 187.5e6, 375e6, 750e6]; // 9 to 12 bits
const [LOWEST_C, HIGHEST_C] = [-55, 125];
const NOISE_C = 0.03;
const DRAW_UA = { converting: 1000, standby: 0.75, off: 0 };
const [CONVERT, WRITE, READ] = [0x44, 0x4e, 0xbe];

export class DS18B20 extends Supplied {
  static BUS = 'pin';

  /** wiring: {pin, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring);
    this.slowness = 0.5 + host.random() / 2;
    this.around = new Surroundings('ds18b20', {
      temperature_c: 20, noise: 1, drift_c: 0, bit_errors: 0, stuck: false, absent: false, brown: false,
    }); // prettier-ignore
    Object.assign(this, { conversions: 0, measured: null, alarm: null });
    this.device = new OneWireDevice(host, wiring.pin, FAMILY, {
      present: () => this.supply.on && !this.get('absent'),
      command: (code) => this.#command(code),
      written: ([high, low, configuration]) => (this.kept = [high, low, (configuration & 0x60) | 0x1f]),
      busy: () => (this.converts && this.alarm ? 0 : null),
      error: () => this.get('bit_errors'),
      refuse: (sentence) => host.refuse(`DS18B20: ${sentence}`),
    });
    this.#restart();
    this.set(options);
  }

  /**
   * values: temperature_c, noise (times its own), drift_c (added), bit_errors (share of the bits read that are wrong), stuck (the
   * last temperature again and again), absent (unplugged), brown (the supply gives way whenever it converts: it starts anew),
   * line_low (the line is shorted to ground).
   */
  set({ line_low: shorted, ...values }) {
    this.around.set(values);
    if (shorted !== undefined) this.device.line.short(shorted);
    if (values.absent) this.#restart();
    this.#show();
  }

  supplied() {
    this.#restart();
    this.#show();
  }

  /** {conversions, celsius: last measured or null}. */
  ledger() {
    return { conversions: this.conversions, celsius: this.measured === null ? null : this.measured / 16 };
  }

  get(value) {
    return this.around.get(value, this.host.now());
  }

  /** Power on: +85 degrees, alarms and resolution from the EEPROM. */
  #restart() {
    this.alarm?.cancel();
    Object.assign(this, { alarm: null, converts: false, register: POWER_ON, kept: [...EEPROM] });
    this.device.idle();
  }

  #show() {
    const state = !this.supply.on || this.get('absent') ? 'off' : this.alarm ? 'converting' : 'standby';
    this.host.current('ds18b20', state, DRAW_UA[state]);
  }

  #command(code) {
    this.converts = code === CONVERT;
    if (code === CONVERT) this.#convert();
    else if (code === WRITE) this.device.listen(3);
    else if (code === READ) this.device.tell([this.register & 0xff, (this.register >> 8) & 0xff, ...this.kept, 0xff, 0x0c, 0x10]);
    else this.host.refuse(`DS18B20: it has no function 0x${code.toString(16)} here`);
  }

  /** Slots read 0 until it is done, if the master asks for nothing else. */
  #convert() {
    const resolution = (this.kept[2] >> 5) & 3;
    this.alarm = this.host.at(this.host.now() + LONGEST_NS[resolution] * this.slowness, () => this.#finish(resolution));
    this.#show();
  }

  #finish(resolution) {
    this.alarm = null;
    if (this.get('brown')) this.#restart();
    else {
      this.conversions++;
      if (this.measured === null || !this.get('stuck')) this.measured = this.#measure(resolution);
      this.register = this.measured & 0xffff;
    }
    this.#show();
  }

  #measure(resolution) {
    const noise = this.get('noise') * NOISE_C * gauss(() => this.host.random());
    const celsius = this.get('temperature_c') + this.get('drift_c') + noise;
    const step = 8 >> resolution; // sixteenths
    return Math.floor((Math.min(HIGHEST_C, Math.max(LOWEST_C, celsius)) * 16) / step) * step;
  }
}
