// Several boards and one air in one time: always the board with the lowest clock steps, at most 1 ms (a symbol at SF7) past
// the second lowest, so that the air can be a plain table of transmissions.

const SLICE = 1e6;

export class Scheduler {
  /** air: {transmit(), heard()}, or null. */
  constructor(air) {
    this.air = air;
    this.boards = [];
    this.nanos = 0;
    this.running = null;
    this.ends = [];
    this.turns = 0;
    if (air) this.watch(air);
  }

  /** Notes when transmissions end (rounded up to a microsecond, Python's unit), so that a step stops there and an answer can be given in time. */
  watch(air) {
    const transmit = air.transmit.bind(air);
    air.transmit = (transmission) => {
      const made = transmit(transmission);
      const end = Math.ceil(made.end_ns / 1000) * 1000;
      this.ends.push(end);
      this.limit(end);
      return made;
    };
  }

  add(board) {
    board.clock.onSooner = (nanos) => this.sooner(board, nanos);
    this.boards.push(board);
  }

  /** An alarm set on a board that is not running (a frame for its radio): the running one must not get ahead of it. */
  sooner(board, nanos) {
    if (this.running !== board) this.limit(nanos + SLICE);
  }

  /** The running board stops at `nanos`, or now when it is past that. */
  limit(nanos) {
    const chip = this.running?.chip;
    if (chip) chip.until = Math.min(chip.until, Math.max(nanos, this.running.clock.nanosCounter));
  }

  /**
   * Runs the world to `horizon` (ns), or to the first end of a transmission if that comes sooner.
   * Returns the instant reached and the frames that radio gateways received by then.
   */
  step(horizon) {
    let until = Math.max(horizon, this.nanos);
    for (;;) {
      const board = this.lowest();
      until = this.ends.length ? Math.min(until, Math.max(this.nanos, Math.min(...this.ends))) : until;
      if (!board || board.clock.nanosCounter >= until) break;
      this.turn(board, until);
    }
    return this.arrive(until);
  }

  arrive(until) {
    this.nanos = until;
    for (const { name, clock } of this.boards) {
      if (clock.nanosCounter > until + SLICE) throw new Error(`${name} ran ${clock.nanosCounter - until} ns ahead of the world`);
    }
    this.ends = this.ends.filter((end) => end > until);
    return { nanos: until, heard: this.air ? this.air.heard(until) : [] };
  }

  /** The board that acts first; those that only wait count with their next alarm. */
  lowest() {
    let best = null;
    let first = Infinity;
    let second = Infinity;
    for (const board of this.boards) {
      const wakes = board.wakesAt();
      if (wakes < first) {
        second = first;
        first = wakes;
        best = board;
      } else if (wakes < second) {
        second = wakes;
      }
    }
    this.second = second;
    return best ?? this.behind();
  }

  /** No board has anything to do: those behind are brought to the horizon. */
  behind() {
    return this.boards.reduce((low, board) => (!low || board.clock.nanosCounter < low.clock.nanosCounter ? board : low), null);
  }

  turn(board, until) {
    const wakes = board.wakesAt();
    if (wakes >= until) {
      for (const each of this.boards) this.runOne(each, until);
      return;
    }
    this.runOne(board, Math.min(until, Math.max(wakes, this.second) + SLICE));
  }

  runOne(board, until) {
    this.running = board;
    this.turns += 1;
    try {
      board.run(until);
    } finally {
      this.running = null;
    }
  }
}
