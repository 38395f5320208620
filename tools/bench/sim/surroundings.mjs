/** Values of a part's surroundings: constant, or a step function of world time [[t_us, value], ...]. */

export class Surroundings {
  /** defaults: {name: value}; only these names can be set. part: its name in error sentences. */
  constructor(part, defaults) {
    this.part = part;
    this.values = new Map();
    this.known = Object.keys(defaults);
    this.set(defaults);
  }

  /** values: {name: value | [[t_us, value], ...]}. Raises Error for an unknown name or times that go back. */
  set(values) {
    for (const [name, value] of Object.entries(values)) {
      if (!this.known.includes(name)) throw new Error(`${this.part} has no "${name}"; it has ${this.known.join(', ')}`);
      const steps = Array.isArray(value) ? value : null;
      if (steps?.some(([t], i) => i && t < steps[i - 1][0])) throw new Error(`${this.part}: the times of "${name}" go back`);
      this.values.set(name, { steps, value: steps ? null : value, at: 0 });
    }
  }

  /** The value at `nanos` of world time; null before a schedule begins. Asked for later and later times. */
  get(name, nanos) {
    const entry = this.values.get(name);
    if (!entry.steps) return entry.value;
    const { steps } = entry;
    while (entry.at < steps.length && steps[entry.at][0] * 1e3 <= nanos) entry.at++;
    return entry.at ? steps[entry.at - 1][1] : null;
  }
}
