// The data buffer of an SPI unit: bytes in 32-bit registers, the first in the lowest bits.

const DATA = 0x80;

/** The first `count` bytes of it; io: the unit's registers. */
export const taken = (io, count) => Array.from({ length: count }, (_, i) => (io[(DATA + i) >> 2] >>> (8 * (i & 3))) & 0xff);

/** Puts bytes at its begin; the rest of the last word is 0. */
export function fill(io, bytes) {
  for (let i = 0; i < bytes.length; i += 4) {
    io[(DATA + i) >> 2] = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
  }
}
