/** The supply of a part that a GPIO may switch. */

class Supply {
  /**
   * wiring.power: the GPIO that switches it, high: on; without one it has power with the board. onSwitch(came): called when it comes or
   * goes, came: it was off until now; `on` and `since` (ns; -Infinity: long ago, before what is simulated) are then those of now.
   */
  constructor(host, wiring, onSwitch) {
    Object.assign(this, { host, onSwitch, board: false, on: false, since: -Infinity });
    this.pin = wiring.power === undefined ? null : host.pin(wiring.power);
    this.pin?.onChange(() => this.board && this.#look());
  }

  /** The board's own supply comes or goes. */
  switchBoard(on) {
    this.board = on;
    this.#look();
  }

  #look() {
    const before = this.on;
    this.on = this.board && (this.pin === null || this.pin.read() === 1);
    const came = this.on && !before;
    if (came && this.pin) this.since = this.host.now();
    this.onSwitch(came);
  }
}

/** A part with such a supply. Its own class has `supplied(came)`, as onSwitch of Supply. */
export class Supplied {
  constructor(host, wiring) {
    this.host = host;
    this.supply = new Supply(host, wiring, (came) => this.supplied(came));
  }

  /** The board has power. */
  reset() {
    this.supply.switchBoard(true);
  }

  /** The board's power is gone. */
  off() {
    this.supply.switchBoard(false);
  }
}
