// TI TMP102, a thermometer on I2C: the temperature in register 0, 1/16 degree in the upper 12 bits. Source: TI SBOS397, 7.5.

export class TMP102 {
  static BUS = 'i2c';

  /** host: `chip/host.mjs`. wiring: the entry of SENSORS. options: as `set`. */
  constructor(host, wiring, options = {}) {
    Object.assign(this, { host, powered: false, celsius: 20, index: 0 });
    this.set(options);
    host.i2c(wiring.i2c).attach(wiring.addr, {
      start: () => this.#start(),
      write: (register) => this.#point(register),
      read: () => ((Math.round(this.celsius * 16) << 4) >> (this.index++ ? 0 : 8)) & 0xff,
      stop: () => {},
    });
  }

  /** Its address was sent: it acknowledges when it has power. */
  #start() {
    this.index = 0;
    return this.powered;
  }

  #point(register) {
    if (register !== 0) this.host.refuse(`TMP102: only register 0 is modelled, not ${register}`);
    return true;
  }

  /** What surrounds it: {celsius}. */
  set({ celsius = this.celsius }) {
    this.celsius = celsius;
  }

  reset() {
    this.powered = true;
    this.host.current('tmp102', 'on', 10); // uA, typical at 4 conversions a second
  }

  off() {
    this.powered = false;
    this.host.current('tmp102', 'off', 0);
  }

  /** What `board.ledger()` shows of it. */
  ledger() {
    return { celsius: this.celsius };
  }
}
