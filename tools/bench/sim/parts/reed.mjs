/**
 * A reed contact, or a button: it joins its pin to ground while a magnet is near, or a finger on it; a
 * resistor beside it pulls the pin up. It has no supply and takes no current of its own.
 * Source: none; an ideal contact that does not bounce.
 */

import { Surroundings } from '../surroundings.mjs';

export class Reed {
  static BUS = 'pin';

  /** wiring: {pin}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    this.host = host;
    this.pin = host.pin(wiring.pin);
    this.pin.pullUp();
    this.around = new Surroundings('reed', { closed: false });
    this.closings = 0;
    this.set(options);
  }

  /** values: closed (true: joined to ground). */
  set(values) {
    this.around.set(values);
    const closed = this.around.get('closed', this.host.now());
    if (closed && !this.closed) this.closings++;
    this.closed = closed;
    this.pin.drive(closed ? 0 : null);
  }

  /** A contact stays as it is when the board loses power. */
  reset() {}

  off() {}

  /** {closed, closings: how often}. */
  ledger() {
    return { closed: this.closed, closings: this.closings };
  }
}
