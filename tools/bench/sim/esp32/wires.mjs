// The wires of one ESP32 board: what the chip drives, what a part drives, the pulls, and the listeners. Outlives chip resets.

export const COUNT = 40;

export class Wires {
  /** onContention(gpio): chip and part drive a wire to different levels. */
  constructor(clock) {
    this.clock = clock;
    this.levels = new Uint8Array(COUNT);
    this.driven = new Array(COUNT).fill(null);
    this.pulled = new Uint8Array(COUNT);
    this.listeners = Array.from({ length: COUNT }, () => []);
    this.gpio = null;
    this.onContention = null;
  }

  /** A new chip: its GPIO unit drives and pulls from now on. */
  attach(gpio) {
    this.gpio = gpio;
    this.update();
  }

  /** No power: nothing but the parts drives. */
  detach() {
    this.gpio = null;
    this.update();
  }

  level(n) {
    const inside = this.gpio?.drives(n) ?? null;
    const outside = this.driven[n];
    if (inside !== null) {
      if (outside !== null && outside !== inside) this.onContention?.(n);
      return inside;
    }
    return outside ?? (this.gpio && (this.gpio.pull(n) > 0 || this.pulled[n]) ? 1 : 0);
  }

  /** Every wire again: what moved is told to the chip first, then to the listeners. */
  update() {
    const moved = [];
    for (let n = 0; n < COUNT; n += 1) {
      const level = this.level(n);
      if (level === this.levels[n]) continue;
      this.levels[n] = level;
      moved.push(n);
    }
    this.gpio?.look(moved);
    for (const n of moved) for (const listener of this.listeners[n]) listener(this.levels[n], this.clock.nanosCounter);
  }

  /** A part drives a wire: 0, 1 or null for high impedance. */
  drive(n, level) {
    if (this.driven[n] === level) return;
    this.driven[n] = level;
    this.update();
  }

  /** A resistor to the board's supply holds a wire up that nobody drives. */
  pullUp(n) {
    this.pulled[n] = 1;
    this.update();
  }

  onChange(n, listener) {
    this.listeners[n].push(listener);
  }

  isPwm(n) {
    return this.gpio?.chip.units.ledc.channelAt(n) !== undefined;
  }
}
