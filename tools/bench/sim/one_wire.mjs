/**
 * A device's side of a 1-Wire line: resets, presence and time slots, each as long as a real one. Bits are the device's own affair.
 * Source: Maxim DS18B20 datasheet 19-7487 rev 6, 1-Wire signaling and AC characteristics.
 */

const LATE_NS = 5e3; // a wire of the emulated ESP32 tells its edges up to 4 us late (seen)
const RESET_NS = 480e3 - LATE_NS; // low, at least
const [PRESENT_AFTER_NS, PRESENT_NS] = [30e3, 120e3]; // 15 to 60 us after the reset, for 60 to 240 us
const ONE_NS = 15e3; // a write slot that is low for longer is none that writes a 1
const SLOT_NS = [60e3 - LATE_NS, 120e3 + LATE_NS]; // low of a write slot that writes a 0
const SAMPLE_NS = 30e3; // when a device looks at the line, usually
const HOLD_NS = 30e3; // how long a 0 that is read is held: at least 15 us from the slot's start

export class OneWire {
  /**
   * device: {present() -> is it there and powered, reset(), bit(b): it was written, next() -> the bit it answers the slot with or
   * null where it listens, refuse(sentence)}.
   */
  constructor(host, gpio, device) {
    Object.assign(this, { host, device, pin: host.pin(gpio), fell: null, holding: false, shorted: false, answering: null });
    this.pin.pullUp();
    this.pin.onChange((level, ns) => (level ? this.#rise(ns) : this.#fall(ns)));
  }

  /** The line is held low by a short, or no longer. */
  short(shorted) {
    this.shorted = shorted;
    this.pin.drive(shorted ? 0 : null);
  }

  #fall(ns) {
    if (this.holding || this.shorted) return;
    this.fell = ns;
    this.answering = this.device.present() ? this.device.next() : null;
    if (this.answering === 0) this.#hold(0, HOLD_NS);
  }

  #rise(ns) {
    if (this.holding || this.shorted || this.fell === null) return;
    const low = ns - this.fell;
    this.fell = null;
    if (!this.device.present()) return;
    if (low >= RESET_NS) {
      this.device.reset();
      this.#hold(PRESENT_AFTER_NS, PRESENT_NS);
    } else if (low > SLOT_NS[1]) {
      this.device.refuse(`the line was low for ${Math.round(low / 1e3)} us: too long for a slot, too short for a reset`);
    } else if (this.answering === null) {
      if (low > ONE_NS && low < SLOT_NS[0]) this.device.refuse(`a slot was low for ${Math.round(low / 1e3)} us: neither a 1 nor a 0`);
      this.device.bit(low < SAMPLE_NS ? 1 : 0);
    }
  }

  /** Pulls the line down after a time, for a time; the master may hold it longer. */
  #hold(after, long) {
    const now = this.host.now();
    const pull = () => {
      if (this.shorted) return;
      this.holding = true;
      this.pin.drive(0);
      this.host.at(now + after + long, () => {
        this.holding = false;
        if (!this.shorted) this.pin.drive(null);
      });
    };
    if (after) this.host.at(now + after, pull);
    else pull();
  }
}
