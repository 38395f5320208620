// What ends sleep (TRM 31.3.4): timer, EXT0 and EXT1 in both kinds of it, GPIO and UART in light sleep only.

const R = { wakeup: 0x38, levels: 0x60, digital: 0x84, ext1: 0xcc, ext1Status: 0xd0, ext0: 0x4bc };
const CAUSE = { ext0: 1, ext1: 2, gpio: 4, timer: 8, uart: [1 << 6, 1 << 7] };
const LIGHT_ONLY = CAUSE.gpio | CAUSE.uart[0] | CAUSE.uart[1];
const DEEP = 1 << 31;
const EXT1_CLEAR = 1 << 18;
const PADS = 0x3ffff;
const SOONEST_NANOS = 1000;
/** GPIOs by number of their RTC pad (ESP-IDF, rtc_io_channel.h). */
export const RTC_PADS = [36, 37, 38, 39, 34, 35, 25, 26, 33, 32, 4, 0, 2, 15, 13, 12, 14, 27];

export class Wake {
  /** registers: {get, set} of the RTC page. onEnd(cause): sleep is over. */
  constructor(chip, registers, onEnd) {
    Object.assign(this, { chip, registers, onEnd, deep: false, pending: 0, edges: [0, 0] });
    this.timer = chip.alarm(() => this.end(CAUSE.timer));
    this.soon = chip.alarm(() => this.end(this.pending));
  }

  /** Sleep begins; the timer, if it is a source, rings at `nanos`. */
  begin(nanos) {
    const { registers } = this;
    this.deep = (registers.get(R.digital) & DEEP) !== 0;
    this.enabled = (registers.get(R.wakeup) >>> 11) & 0x7ff & (this.deep ? ~LIGHT_ONLY : ~0);
    this.edges = [0, 0];
    if (this.enabled & CAUSE.timer) this.timer.at(Math.max(nanos, this.chip.nanos + SOONEST_NANOS));
    this.look();
  }

  level(pad) {
    return this.chip.wires.levels[RTC_PADS[pad]];
  }

  /** A wire moved, or sleep begins: does a level that was waited for stand? */
  look() {
    let causes = 0;
    if (this.enabled & CAUSE.ext0 && this.ext0()) causes |= CAUSE.ext0;
    if (this.enabled & CAUSE.ext1 && this.ext1()) causes |= CAUSE.ext1;
    if (this.enabled & CAUSE.gpio && this.chip.units.gpio.wakes()) causes |= CAUSE.gpio;
    if (causes) this.arouse(causes);
  }

  ext0() {
    const wanted = (this.registers.get(R.levels) >>> 30) & 1;
    return this.level(this.registers.get(R.ext0) >>> 27) === wanted;
  }

  ext1() {
    const selected = this.registers.get(R.ext1) & PADS;
    const pads = RTC_PADS.map((_, pad) => pad).filter((pad) => (selected >>> pad) & 1);
    const high = pads.filter((pad) => this.level(pad));
    const found = this.registers.get(R.levels) >>> 31 ? high.length > 0 : pads.length > 0 && high.length === 0;
    if (found) this.registers.set(R.ext1Status, (high.length ? high : pads).reduce((mask, pad) => mask | (1 << pad), 0));
    return found;
  }

  /** A character came in on UART n while the clocks stood: its edges are counted, the character is lost. */
  heard(n, character, threshold) {
    if (n > 1 || !(this.enabled & CAUSE.uart[n])) return;
    const line = (character << 1) | 0x200; // start bit 0, eight data bits, stop bit 1
    for (let bit = 1; bit < 10; bit += 1) this.edges[n] += (line >>> bit) & ~(line >>> (bit - 1)) & 1;
    if (this.edges[n] >= threshold) this.arouse(CAUSE.uart[n]);
  }

  arouse(causes) {
    this.pending |= causes;
    if (!this.soon.scheduled) this.soon.at(this.chip.nanos + SOONEST_NANOS);
  }

  end(causes) {
    this.timer.cancel();
    this.soon.cancel();
    this.pending = 0;
    this.registers.set(R.wakeup, (this.registers.get(R.wakeup) & ~0x7ff) | causes);
    this.onEnd();
  }

  /** A write to EXT_WAKEUP1; true where it was taken. */
  write(offset, value) {
    if (offset !== R.ext1) return false;
    if (value & EXT1_CLEAR) this.registers.set(R.ext1Status, 0);
    this.registers.set(R.ext1, value & PADS);
    return true;
  }
}
