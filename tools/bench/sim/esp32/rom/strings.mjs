// string.h, ctype.h and numbers in text, as the ROM's newlib has them.

/** memory areas */
export const BYTES = {
  memcpy: (c) => move(c), memmove: (c) => move(c), xthal_memcpy: (c) => move(c),
  memset: (c) => {
    const [to, value, count] = [c.u(0), c.int(1) & 0xff, c.u(2)];
    c.spend(count / 4);
    if (!c.memory.set(to, value, count)) for (let i = 0; i < count; i += 1) c.setByte(to + i, value);
    return to;
  },
  bzero: (c) => { for (let i = 0; i < c.u(1); i += 1) c.setByte(c.u(0) + i, 0); return 0; },
  memcmp: (c) => {
    for (let i = 0; i < c.u(2); i += 1) {
      const difference = c.byte(c.u(0) + i) - c.byte(c.u(1) + i);
      if (difference) return difference;
    }
    return 0;
  },
  memchr: (c) => {
    for (let i = 0; i < c.u(2); i += 1) if (c.byte(c.u(0) + i) === (c.u(1) & 0xff)) return c.u(0) + i;
    return 0;
  },
  memrchr: (c) => {
    for (let i = c.u(2) - 1; i >= 0; i -= 1) if (c.byte(c.u(0) + i) === (c.u(1) & 0xff)) return c.u(0) + i;
    return 0;
  },
};

/** Words where both ends allow it: RAM of the instruction bus takes no bytes on a real chip. */
function move(c) {
  const [to, from, count] = [c.u(0), c.u(1), c.u(2)];
  c.spend(count / 2);
  if (c.memory.move(to, from, count)) return to;
  const step = ((to | from | count) & 3) === 0 ? 4 : 1;
  const copy = step === 4 ? (i) => c.memory.w32(to + i, c.memory.r32(from + i)) : (i) => c.setByte(to + i, c.byte(from + i));
  if (to <= from) for (let i = 0; i < count; i += step) copy(i);
  else for (let i = count - step; i >= 0; i -= step) copy(i);
  return to;
}

function compare(c, limit, fold = (byte) => byte) {
  for (let i = 0; i < limit; i += 1) {
    const [a, b] = [fold(c.byte(c.u(0) + i)), fold(c.byte(c.u(1) + i))];
    if (a !== b) return a - b;
    if (!a) return 0;
  }
  return 0;
}

function copy(c, to, from, limit = Infinity) {
  let i = 0;
  for (; i < limit; i += 1) {
    const byte = c.byte(from + i);
    c.setByte(to + i, byte);
    if (!byte) break;
  }
  return i;
}

const lower = (byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte);
const upper = (byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte);
const span = (c, inside) => {
  const set = c.text(c.u(1));
  let n = 0;
  for (let byte = c.byte(c.u(0)); byte && set.includes(String.fromCharCode(byte)) === inside; byte = c.byte(c.u(0) + n)) n += 1;
  return n;
};
const is = (pattern) => (c) => (c.u(0) < 128 && pattern.test(String.fromCharCode(c.u(0))) ? 1 : 0);

/** strtol and strtoul: the text at s, the end's address to `end` unless 0. */
function number(c, s, end, base) {
  const text = c.text(s, 80);
  const [head, sign, prefix] = /^\s*([+-]?)(0[xX](?=[0-9a-fA-F]))?/.exec(text);
  const radix = prefix && (base === 0 || base === 16) ? 16 : base || (text[head.length] === '0' ? 8 : 10);
  let at = prefix && radix !== 16 ? head.length - 2 : head.length;
  const begin = at;
  let value = 0;
  for (; at < text.length; at += 1) {
    const digit = parseInt(text[at], 36);
    if (Number.isNaN(digit) || digit >= radix) break;
    value = value * radix + digit;
  }
  if (end) c.memory.w32(end, at > begin ? s + at : s);
  return (sign === '-' ? -value : value) | 0;
}

export const STRINGS = {
  strlen: (c) => c.length(c.u(0)),
  strnlen: (c) => c.length(c.u(0), c.u(1)),
  strcmp: (c) => compare(c, Infinity), strcoll: (c) => compare(c, Infinity),
  strncmp: (c) => compare(c, c.u(2)),
  strcasecmp: (c) => compare(c, Infinity, lower),
  strncasecmp: (c) => compare(c, c.u(2), lower),
  strcpy: (c) => {
    copy(c, c.u(0), c.u(1));
    return c.u(0);
  },
  strncpy: (c) => {
    for (let i = copy(c, c.u(0), c.u(1), c.u(2)); i < c.u(2); i += 1) c.setByte(c.u(0) + i, 0);
    return c.u(0);
  },
  strcat: (c) => {
    copy(c, c.u(0) + c.length(c.u(0)), c.u(1));
    return c.u(0);
  },
  strncat: (c) => {
    const end = c.u(0) + c.length(c.u(0));
    c.setByte(end + copy(c, end, c.u(1), c.u(2)), 0);
    return c.u(0);
  },
  strlcpy: (c) => {
    if (c.u(2)) c.setByte(c.u(0) + copy(c, c.u(0), c.u(1), c.u(2) - 1), 0);
    return c.length(c.u(1));
  },
  strlcat: (c) => {
    const had = c.length(c.u(0), c.u(2));
    if (had < c.u(2)) c.setByte(c.u(0) + had + copy(c, c.u(0) + had, c.u(1), c.u(2) - had - 1), 0);
    return had + c.length(c.u(1));
  },
  strchr: (c) => {
    for (let a = c.u(0); ; a += 1) {
      if (c.byte(a) === (c.u(1) & 0xff)) return a;
      if (!c.byte(a)) return 0;
    }
  },
  strrchr: (c) => {
    for (let a = c.u(0) + c.length(c.u(0)); a >= c.u(0); a -= 1) if (c.byte(a) === (c.u(1) & 0xff)) return a;
    return 0;
  },
  strstr: (c) => {
    const at = c.text(c.u(0)).indexOf(c.text(c.u(1)));
    return at < 0 ? 0 : c.u(0) + at;
  },
  strspn: (c) => span(c, true),
  strcspn: (c) => span(c, false),
  tolower: (c) => lower(c.int(0)), toupper: (c) => upper(c.int(0)), toascii: (c) => c.int(0) & 127,
  isalnum: is(/[0-9A-Za-z]/), isalpha: is(/[A-Za-z]/), isdigit: is(/\d/), islower: is(/[a-z]/), isupper: is(/[A-Z]/),
  isspace: is(/[ \t\n\v\f\r]/), isprint: is(/[ -~]/), isgraph: is(/[!-~]/), ispunct: is(/[!-/:-@[-`{-~]/), iscntrl: is(/[\0-\x1f\x7f]/),
  isblank: is(/[ \t]/), isascii: (c) => (c.u(0) < 128 ? 1 : 0),
  atoi: (c) => number(c, c.u(0), 0, 10), atol: (c) => number(c, c.u(0), 0, 10),
  strtol: (c) => number(c, c.u(0), c.u(1), c.int(2)), strtoul: (c) => number(c, c.u(0), c.u(1), c.int(2)),
  _strtol_r: (c) => number(c, c.u(1), c.u(2), c.int(3)), _strtoul_r: (c) => number(c, c.u(1), c.u(2), c.int(3)),
};
