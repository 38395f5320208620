/** What a cable in the field does to the bytes of a serial line. */

/**
 * With so much chance one bit of these bytes is wrong.
 * last: how many of them it may be in, at the end. bits: of a byte that it may be.
 */
export function garble(bytes, chance, random, { last = bytes.length, bits = 8 } = {}) {
  if (random() >= chance) return;
  bytes[bytes.length - last + Math.floor(random() * last)] ^= 1 << Math.floor(random() * bits);
}
