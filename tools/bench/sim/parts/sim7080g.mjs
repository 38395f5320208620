/**
 * SIMCom SIM7080G on a serial line, its PWRKEY pulled low through a transistor while the GPIO `key` is high. The model, its commands and
 * their sources: `../modem/`. It reaches real brokers from this machine, so a run with it cannot be replayed from a trace.
 */

import { Modem } from '../modem/modem.mjs';

const BAUD = 115200;

export class SIM7080G {
  static BUS = 'uart';

  /** wiring: {uart, tx, rx, key}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    const uart = host.uart(wiring.uart);
    this.modem = new Modem(
      {
        now: () => host.now(),
        at: (nanos, callback) => host.at(nanos, callback),
        send: (bytes) => uart.open() && uart.send(bytes, BAUD),
        current: (state, microamps) => host.current('sim7080g', state, microamps),
      },
      options,
    );
    uart.onByte((byte) => this.modem.awake && this.modem.line.receive(byte));
    host.pin(wiring.key).onChange((level) => this.modem.key(level));
  }

  /** What surrounds it, and faults: as `Modem.set`. */
  set(values) {
    this.modem.set(values);
  }

  /** The board has power: the module is off until its key is held. */
  reset() {
    this.modem.draw('off');
  }

  /** The board's power is gone, and the module's with it. */
  off() {
    this.modem.stop('');
    this.modem.world.current('off', 0);
  }

  ledger() {
    return this.modem.ledger();
  }
}
