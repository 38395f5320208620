/** MaxBotix HRXL-MaxSonar-WR by its pulses: high for 1 us a mm in each range cycle. Source: as of `../hrxl_wr.mjs`. */

import { HrxlWr } from '../hrxl_wr.mjs';

const NS_PER_MM = 1e3;

export class HRXL_WR_PWM extends HrxlWr {
  static BUS = 'pin';

  /** wiring: {pin, power}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring, 'hrxl_wr_pwm', (mm) => this.#pulse(mm), {}, {});
    this.pin = host.pin(wiring.pin);
    this.set(options);
  }

  /** values: as of HrxlWr, and line_high (the line is shorted to its supply). */
  set({ line_high: shorted, ...values }) {
    super.set(values);
    if (shorted === undefined) return;
    this.shorted = shorted;
    this.pin.drive(shorted ? 1 : 0);
  }

  off() {
    super.off();
    this.pin.drive(null);
  }

  #pulse(mm) {
    if (this.shorted) return;
    this.pin.drive(1);
    this.host.at(this.host.now() + mm * NS_PER_MM, () => !this.shorted && this.pin.drive(0));
  }
}
