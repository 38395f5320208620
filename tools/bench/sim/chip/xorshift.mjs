// Reproducible random numbers of a board.

/** A source of 32-bit numbers. Source: Marsaglia's xorshift32. */
export function generator(seed) {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
