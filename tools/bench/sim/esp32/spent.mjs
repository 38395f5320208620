// What a chip spent its time with, ns: a core ran or both waited, by MHz of the CPU; light and deep sleep.

const byFrequency = () => ({ 40: 0, 80: 0, 160: 0, 240: 0 });
const sum = (values) => Object.values(values).reduce((total, value) => total + value, 0);

export const nothingSpent = () => ({ run: byFrequency(), idle: byFrequency(), light: 0, deep: 0 });

/** Adds what `more` says. */
export function spend(spent, more) {
  for (const state of ['run', 'idle']) for (const megahertz of Object.keys(spent[state])) spent[state][megahertz] += more[state][megahertz];
  for (const state of ['light', 'deep']) spent[state] += more[state];
}

/** An account for a chip, which shows it as every chip of the bench does: busyNanos, idleNanos, sleepNanos, stallNanos. */
export function account(chip) {
  const spent = nothingSpent();
  const shown = { busyNanos: () => sum(spent.run), idleNanos: () => sum(spent.idle), sleepNanos: () => spent.light + spent.deep, stallNanos: () => 0 };
  for (const [name, get] of Object.entries(shown)) Object.defineProperty(chip, name, { get });
  return spent;
}
