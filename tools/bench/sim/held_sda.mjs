/** The data line of an I2C part that was left inside a byte: it holds SDA low until SCL rose so many times. */

export class HeldSda {
  /** wiring: {sda, scl}: GPIOs; without them it cannot be held. `times`: that SCL must still rise; 0: it is free. */
  constructor(host, { sda, scl }) {
    this.times = 0;
    if (sda === undefined) return;
    this.pin = host.pin(sda);
    host.pin(scl).onChange((level) => this.#clocked(level));
  }

  /** times: 1 to 9. */
  hold(times) {
    this.times = times;
    this.pin.drive(0);
  }

  #clocked(level) {
    if (!level || !this.times) return;
    this.times -= 1;
    if (!this.times) this.pin.drive(null);
  }
}
