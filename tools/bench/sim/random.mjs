/**
 * Random numbers that depend on what they are for, not on the order in which they are asked:
 * the shadow on a link and the loss of a frame stay the same whatever else happens in the world.
 */

/** 32-bit hash of a text. Source: FNV-1a, then the finaliser of MurmurHash3. */
export function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Evenly spread in [0, 1), the same for the same arguments. */
export const uniform = (...parts) => hash(parts.join('|')) / 2 ** 32;

/** Standard normal, the same for the same arguments. Source: Box and Muller 1958. */
export function normal(...parts) {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform('r', ...parts)));
  return radius * Math.cos(2 * Math.PI * uniform('a', ...parts));
}

/** A standard normal number from a source of evenly spread ones. */
export const gauss = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
