// The energy ledger of one board: how long each part was in each state, and the charge that took.

export class Energy {
  constructor() {
    this.parts = new Map();
  }

  /** A part enters a state at `nanos`, drawing `microamps`. */
  set(part, state, microamps, nanos) {
    const entry = this.parts.get(part) ?? { state, microamps, since: nanos, states: new Map() };
    this.settle(entry, nanos);
    entry.state = state;
    entry.microamps = microamps;
    this.parts.set(part, entry);
  }

  /** Power is gone: nothing draws any more. */
  off(nanos) {
    for (const [part] of this.parts) this.set(part, 'off', 0, nanos);
  }

  settle(entry, nanos) {
    const total = entry.states.get(entry.state) ?? { nanos: 0, charge: 0 };
    total.nanos += nanos - entry.since;
    total.charge += ((nanos - entry.since) / 1e9) * entry.microamps;
    entry.states.set(entry.state, total);
    entry.since = nanos;
  }

  /** {part: {state: {seconds, microampere_hours}}} up to `nanos`. */
  report(nanos) {
    const parts = {};
    for (const [part, entry] of this.parts) {
      this.settle(entry, nanos);
      parts[part] = {};
      for (const [state, total] of entry.states) {
        parts[part][state] = { seconds: total.nanos / 1e9, microampere_hours: total.charge / 3600 };
      }
    }
    return parts;
  }
}
