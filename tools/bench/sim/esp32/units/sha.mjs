// The SHA accelerator (TRM 23): one block at a time; the program pads.

const ROUND_ROOTS = primes(80);
const fraction32 = (value) => Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
const K256 = ROUND_ROOTS.slice(0, 64).map((p) => fraction32(Math.cbrt(p)));
const MASK = 2n ** 64n - 1n;
const K512 = ROUND_ROOTS.map((p) => root(BigInt(p) << 192n, 3n) & MASK);
const square = (p) => root(BigInt(p) << 128n, 2n) & MASK;
const START = {
  1: [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0],
  256: ROUND_ROOTS.slice(0, 8).map((p) => fraction32(Math.sqrt(p))),
  384: ROUND_ROOTS.slice(8, 16).map(square),
  512: ROUND_ROOTS.slice(0, 8).map(square),
};

function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((p) => n % p)) found.push(n);
  return found;
}

/** The integer part of the k-th root. */
function root(value, k) {
  let low = 0n;
  let high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** k <= value) low = middle;
    else high = middle;
  }
  return low;
}

const rotate = (x, n) => (x >>> n) | (x << (32 - n));
const rotate64 = (x, n) => ((x >> n) | (x << (64n - n))) & MASK;

function sha1(h, block) {
  const w = [...block];
  for (let i = 16; i < 80; i += 1) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 31);
  let [a, b, c, d, e] = h;
  for (let i = 0; i < 80; i += 1) {
    const choose = i < 20 ? [(b & c) | (~b & d), 0x5a827999] : i < 40 ? [b ^ c ^ d, 0x6ed9eba1]
      : i < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6];
    const next = (rotate(a, 27) + choose[0] + e + choose[1] + w[i]) | 0;
    [a, b, c, d, e] = [next, a, rotate(b, 2), c, d];
  }
  return [a, b, c, d, e].map((v, i) => (v + h[i]) | 0);
}

function sha256(state, block) {
  const w = [...block];
  for (let i = 16; i < 64; i += 1) {
    const [a, b] = [w[i - 15], w[i - 2]];
    w[i] = (w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10))) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const first = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K256[i] + w[i]) | 0;
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((v, i) => (v + state[i]) | 0);
}

function sha512(state, block) {
  const w = Array.from({ length: 16 }, (_, i) => (BigInt(block[2 * i] >>> 0) << 32n) | BigInt(block[2 * i + 1] >>> 0));
  for (let i = 16; i < 80; i += 1) {
    const [a, b] = [w[i - 15], w[i - 2]];
    w[i] = (w[i - 16] + (rotate64(a, 1n) ^ rotate64(a, 8n) ^ (a >> 7n)) + w[i - 7] + (rotate64(b, 19n) ^ rotate64(b, 61n) ^ (b >> 6n))) & MASK;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 80; i += 1) {
    const first = (h + (rotate64(e, 14n) ^ rotate64(e, 18n) ^ rotate64(e, 41n)) + ((e & f) ^ (~e & MASK & g)) + K512[i] + w[i]) & MASK;
    const second = ((rotate64(a, 28n) ^ rotate64(a, 34n) ^ rotate64(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c))) & MASK;
    [a, b, c, d, e, f, g, h] = [(first + second) & MASK, a, b, c, (d + first) & MASK, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((v, i) => (v + state[i]) & MASK);
}

/** By the register's offset: [function, start values, words of a block]; +0 start, +4 continue, +8 load the result, +12 busy. */
const ENGINES = { 0x80: [sha1, START[1], 16], 0x90: [sha256, START[256], 16], 0xa0: [sha512, START[384], 32], 0xb0: [sha512, START[512], 32] };

export class Sha {
  constructor(chip, offset) {
    this.text = chip.memory.io.subarray(offset >> 2, (offset >> 2) + 32);
    this.state = [];
  }

  read(offset) {
    return offset >= 0x80 && (offset & 15) === 12 ? 0 : undefined; // done at once
  }

  write(offset) {
    const engine = ENGINES[offset & ~15];
    if (!engine) return false;
    const [run, start, words] = engine;
    if ((offset & 15) === 0) this.state = run(start, this.text.subarray(0, words));
    else if ((offset & 15) === 4) this.state = run(this.state, this.text.subarray(0, words));
    else this.load();
    return true;
  }

  load() {
    const long = typeof this.state[0] === 'bigint';
    const words = long ? this.state.flatMap((v) => [Number(v >> 32n) | 0, Number(v & 0xffffffffn) | 0]) : this.state;
    words.forEach((word, i) => { this.text[i] = word; });
  }
}
