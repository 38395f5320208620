// Turns of the two cores, so that neither is far ahead of the other.

const TOGETHER = 400; // cycles that one core runs ahead of the other at most
const SHORT = 8; // the same, after an interrupt of both
const SHORT_TURNS = 100;
const ALONE = 50000;

export class Turns {
  /** chip: {clock, cores, until, cycleNanos}; core and executing are set to what is under way. */
  constructor(chip) {
    this.chip = chip;
    this.short = 0; // turns that are still to be short
  }

  /** One turn of each core that has something to do; world time is then where the slower one is. */
  take() {
    const { chip } = this;
    const { clock, cycleNanos } = chip;
    const [first, second] = chip.cores;
    const one = !first.idle;
    const other = !second.idle;
    const cycles = one && other ? this.together(first, second) : ALONE;
    let end = Math.min(chip.until, clock.nextNanos, clock.nanosCounter + cycles * cycleNanos);
    chip.executing = true;
    if (one) end = this.turn(first, end, cycleNanos);
    if (other) this.turn(second, end, cycleNanos);
    chip.executing = false;
    const reached = !other ? first.nanos : !one ? second.nanos : this.slower(first, second);
    if (reached > clock.nanosCounter) clock.nanosCounter = reached;
  }

  /** A core runs up to `end`; where the other one is to stop. */
  turn(core, end, cycleNanos) {
    this.chip.core = core;
    const budget = Math.ceil((end - core.nanos) / cycleNanos) | 0;
    if (budget > 0) core.nanos += core.run(budget) * cycleNanos;
    return core.nanos < end && !core.idle ? core.nanos : end;
  }

  /** The time of two cores that ran. One that came to rest does not hold up the other. */
  slower(first, second) {
    if (first.idle !== second.idle) return first.idle ? second.nanos : first.nanos;
    return first.idle ? Math.max(first.nanos, second.nanos) : Math.min(first.nanos, second.nanos);
  }

  /** Cycles of a turn of both cores. An interrupt that asks both at once is taken by both, and then their turns are short for
   * a while: a handler must see the request that the other core's is about to clear. */
  together(first, second) {
    if (first.irq && second.irq) {
      first.interrupt();
      second.interrupt();
      this.short = SHORT_TURNS;
    }
    if (!this.short) return TOGETHER;
    this.short -= 1;
    return SHORT;
  }
}
