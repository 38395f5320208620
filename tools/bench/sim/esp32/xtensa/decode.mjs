// Decoder of the Xtensa LX6 as the ESP32 has it: windows, loops, booleans, MAC16, single-precision FPU, S32C1I, regions.
//
// The table is written as the Xtensa Instruction Set Architecture Reference Manual prints its encodings: op2 op1 r s t op0 for
// 24 bits, r s t op0 for 16; letters are fields. A later line loses to an earlier one.

const TABLE = `
ret     0000 0000 0000 0000 1000 0000
retw    0000 0000 0000 0000 1001 0000
jx      0000 0000 0000 ssss 1010 0000
callx0  0000 0000 0000 ssss 1100 0000
callx   0000 0000 0000 ssss 11nn 0000
movsp   0000 0000 0001 ssss tttt 0000
nop     0000 0000 0010 0000 tttt 0000
rfe     0000 0000 0011 0000 0000 0000
rfde    0000 0000 0011 0010 0000 0000
rfwo    0000 0000 0011 0100 0000 0000
rfwu    0000 0000 0011 0101 0000 0000
rfi     0000 0000 0011 iiii 0001 0000
break   0000 0000 0100 ssss tttt 0000
syscall 0000 0000 0101 0000 0000 0000
rsil    0000 0000 0110 iiii tttt 0000
waiti   0000 0000 0111 iiii 0000 0000
any4    0000 0000 1000 ssss tttt 0000
all4    0000 0000 1001 ssss tttt 0000
any8    0000 0000 1010 ssss tttt 0000
all8    0000 0000 1011 ssss tttt 0000
and     0001 0000 rrrr ssss tttt 0000
or      0010 0000 rrrr ssss tttt 0000
xor     0011 0000 rrrr ssss tttt 0000
ssr     0100 0000 0000 ssss 0000 0000
ssl     0100 0000 0001 ssss 0000 0000
ssa8l   0100 0000 0010 ssss 0000 0000
ssa8b   0100 0000 0011 ssss 0000 0000
ssai    0100 0000 0100 iiii 000k 0000
rer     0100 0000 0110 ssss tttt 0000
wer     0100 0000 0111 ssss tttt 0000
rotw    0100 0000 1000 0000 tttt 0000
nsa     0100 0000 1110 ssss tttt 0000
nsau    0100 0000 1111 ssss tttt 0000
nop     0101 0000 rrrr ssss tttt 0000
neg     0110 0000 rrrr 0000 tttt 0000
abs     0110 0000 rrrr 0001 tttt 0000
add     1000 0000 rrrr ssss tttt 0000
addx2   1001 0000 rrrr ssss tttt 0000
addx4   1010 0000 rrrr ssss tttt 0000
addx8   1011 0000 rrrr ssss tttt 0000
sub     1100 0000 rrrr ssss tttt 0000
subx2   1101 0000 rrrr ssss tttt 0000
subx4   1110 0000 rrrr ssss tttt 0000
subx8   1111 0000 rrrr ssss tttt 0000
slli    000k 0001 rrrr ssss iiii 0000
srai    001k 0001 rrrr iiii tttt 0000
srli    0100 0001 rrrr iiii tttt 0000
xsr     0110 0001 iiii iiii tttt 0000
src     1000 0001 rrrr ssss tttt 0000
srl     1001 0001 rrrr 0000 tttt 0000
sll     1010 0001 rrrr ssss 0000 0000
sra     1011 0001 rrrr 0000 tttt 0000
mul16u  1100 0001 rrrr ssss tttt 0000
mul16s  1101 0001 rrrr ssss tttt 0000
andb    0000 0010 rrrr ssss tttt 0000
andbc   0001 0010 rrrr ssss tttt 0000
orb     0010 0010 rrrr ssss tttt 0000
orbc    0011 0010 rrrr ssss tttt 0000
xorb    0100 0010 rrrr ssss tttt 0000
mull    1000 0010 rrrr ssss tttt 0000
muluh   1010 0010 rrrr ssss tttt 0000
mulsh   1011 0010 rrrr ssss tttt 0000
quou    1100 0010 rrrr ssss tttt 0000
quos    1101 0010 rrrr ssss tttt 0000
remu    1110 0010 rrrr ssss tttt 0000
rems    1111 0010 rrrr ssss tttt 0000
rsr     0000 0011 iiii iiii tttt 0000
wsr     0001 0011 iiii iiii tttt 0000
sext    0010 0011 rrrr ssss iiii 0000
clamps  0011 0011 rrrr ssss iiii 0000
min     0100 0011 rrrr ssss tttt 0000
max     0101 0011 rrrr ssss tttt 0000
minu    0110 0011 rrrr ssss tttt 0000
maxu    0111 0011 rrrr ssss tttt 0000
moveqz  1000 0011 rrrr ssss tttt 0000
movnez  1001 0011 rrrr ssss tttt 0000
movltz  1010 0011 rrrr ssss tttt 0000
movgez  1011 0011 rrrr ssss tttt 0000
movf    1100 0011 rrrr ssss tttt 0000
movt    1101 0011 rrrr ssss tttt 0000
rur     1110 0011 rrrr iiii iiii 0000
wur     1111 0011 iiii iiii tttt 0000
extui   nnnn 010k rrrr iiii tttt 0000
lsx     0000 1000 rrrr ssss tttt 0000
lsxp    0001 1000 rrrr ssss tttt 0000
ssx     0100 1000 rrrr ssss tttt 0000
ssxp    0101 1000 rrrr ssss tttt 0000
l32e    0000 1001 iiii ssss tttt 0000
s32e    0100 1001 iiii ssss tttt 0000
add.s   0000 1010 rrrr ssss tttt 0000
sub.s   0001 1010 rrrr ssss tttt 0000
mul.s   0010 1010 rrrr ssss tttt 0000
madd.s  0100 1010 rrrr ssss tttt 0000
msub.s  0101 1010 rrrr ssss tttt 0000
maddn.s 0110 1010 rrrr ssss tttt 0000
divn.s  0111 1010 rrrr ssss tttt 0000
round.s 1000 1010 rrrr ssss iiii 0000
trunc.s 1001 1010 rrrr ssss iiii 0000
floor.s 1010 1010 rrrr ssss iiii 0000
ceil.s  1011 1010 rrrr ssss iiii 0000
float.s 1100 1010 rrrr ssss iiii 0000
ufloat.s 1101 1010 rrrr ssss iiii 0000
utrunc.s 1110 1010 rrrr ssss iiii 0000
mov.s   1111 1010 rrrr ssss 0000 0000
abs.s   1111 1010 rrrr ssss 0001 0000
const.s 1111 1010 rrrr iiii 0011 0000
rfr     1111 1010 rrrr ssss 0100 0000
wfr     1111 1010 rrrr ssss 0101 0000
neg.s   1111 1010 rrrr ssss 0110 0000
div0.s  1111 1010 rrrr ssss 0111 0000
recip0.s 1111 1010 rrrr ssss 1000 0000
sqrt0.s 1111 1010 rrrr ssss 1001 0000
rsqrt0.s 1111 1010 rrrr ssss 1010 0000
nexp01.s 1111 1010 rrrr ssss 1011 0000
mksadj.s 1111 1010 rrrr ssss 1100 0000
mkdadj.s 1111 1010 rrrr ssss 1101 0000
addexp.s 1111 1010 rrrr ssss 1110 0000
addexpm.s 1111 1010 rrrr ssss 1111 0000
un.s    0001 1011 rrrr ssss tttt 0000
oeq.s   0010 1011 rrrr ssss tttt 0000
ueq.s   0011 1011 rrrr ssss tttt 0000
olt.s   0100 1011 rrrr ssss tttt 0000
ult.s   0101 1011 rrrr ssss tttt 0000
ole.s   0110 1011 rrrr ssss tttt 0000
ule.s   0111 1011 rrrr ssss tttt 0000
moveqz.s 1000 1011 rrrr ssss tttt 0000
movnez.s 1001 1011 rrrr ssss tttt 0000
movltz.s 1010 1011 rrrr ssss tttt 0000
movgez.s 1011 1011 rrrr ssss tttt 0000
movf.s  1100 1011 rrrr ssss tttt 0000
movt.s  1101 1011 rrrr ssss tttt 0000
l32r    iiii iiii iiii iiii tttt 0001
l8ui    iiii iiii 0000 ssss tttt 0010
l16ui   iiii iiii 0001 ssss tttt 0010
l32i    iiii iiii 0010 ssss tttt 0010
s8i     iiii iiii 0100 ssss tttt 0010
s16i    iiii iiii 0101 ssss tttt 0010
s32i    iiii iiii 0110 ssss tttt 0010
nop     iiii iiii 0111 ssss tttt 0010
l16si   iiii iiii 1001 ssss tttt 0010
movi    iiii iiii 1010 kkkk tttt 0010
l32i    iiii iiii 1011 ssss tttt 0010
addi    iiii iiii 1100 ssss tttt 0010
addmi   iiii iiii 1101 ssss tttt 0010
s32c1i  iiii iiii 1110 ssss tttt 0010
s32i    iiii iiii 1111 ssss tttt 0010
lsi     iiii iiii 0000 ssss tttt 0011
ssi     iiii iiii 0100 ssss tttt 0011
lsip    iiii iiii 1000 ssss tttt 0011
ssip    iiii iiii 1100 ssss tttt 0011
mac16   iiii iiii rrrr ssss tttt 0100
call0   iiii iiii iiii iiii ii00 0101
call    iiii iiii iiii iiii iinn 0101
j       iiii iiii iiii iiii ii00 0110
beqz    iiii iiii iiii ssss 0001 0110
bnez    iiii iiii iiii ssss 0101 0110
bltz    iiii iiii iiii ssss 1001 0110
bgez    iiii iiii iiii ssss 1101 0110
beqi    iiii iiii rrrr ssss 0010 0110
bnei    iiii iiii rrrr ssss 0110 0110
blti    iiii iiii rrrr ssss 1010 0110
bgei    iiii iiii rrrr ssss 1110 0110
entry   iiii iiii iiii ssss 0011 0110
bf      iiii iiii 0000 ssss 0111 0110
bt      iiii iiii 0001 ssss 0111 0110
loop    iiii iiii 1000 ssss 0111 0110
loopnez iiii iiii 1001 ssss 0111 0110
loopgtz iiii iiii 1010 ssss 0111 0110
bltui   iiii iiii rrrr ssss 1011 0110
bgeui   iiii iiii rrrr ssss 1111 0110
bnone   iiii iiii 0000 ssss tttt 0111
beq     iiii iiii 0001 ssss tttt 0111
blt     iiii iiii 0010 ssss tttt 0111
bltu    iiii iiii 0011 ssss tttt 0111
ball    iiii iiii 0100 ssss tttt 0111
bbc     iiii iiii 0101 ssss tttt 0111
bbci    iiii iiii 011k ssss tttt 0111
bany    iiii iiii 1000 ssss tttt 0111
bne     iiii iiii 1001 ssss tttt 0111
bge     iiii iiii 1010 ssss tttt 0111
bgeu    iiii iiii 1011 ssss tttt 0111
bnall   iiii iiii 1100 ssss tttt 0111
bbs     iiii iiii 1101 ssss tttt 0111
bbsi    iiii iiii 111k ssss tttt 0111
l32i.n  iiii ssss tttt 1000
s32i.n  iiii ssss tttt 1001
add.n   rrrr ssss tttt 1010
addi.n  rrrr ssss iiii 1011
movi.n  iiii ssss 0kkk 1100
beqz.n  iiii ssss 10kk 1100
bnez.n  iiii ssss 11kk 1100
mov.n   0000 ssss tttt 1101
ret.n   1111 0000 0000 1101
retw.n  1111 0000 0001 1101
break.n 1111 ssss 0010 1101
nop.n   1111 0000 0011 1101
`;

const field = (pattern, letter) => [...pattern].reduce((bits, c, i) => (c === letter ? [...bits, pattern.length - 1 - i] : bits), []);

/** One line of the table: {name, size, mask, value, fields: {letter: [bit numbers, highest first]}}. */
function line(text) {
  const [name, ...groups] = text.trim().split(/\s+/);
  const pattern = groups.join('');
  let mask = 0;
  let value = 0;
  [...pattern].forEach((c, i) => {
    const bit = 1 << (pattern.length - 1 - i);
    if (c === '0' || c === '1') mask |= bit;
    if (c === '1') value |= bit;
  });
  const fields = Object.fromEntries([...'rstikn'].map((letter) => [letter, field(pattern, letter)]));
  return { name, size: pattern.length / 8, mask, value, fields };
}

const LINES = TABLE.trim().split('\n').map(line);
/** By the low 4 bits and, where it is of any use, the 4 bits above bit 16: short lists to look through. */
const BUCKETS = Array.from({ length: 256 }, (_, n) =>
  LINES.filter(({ mask, value }) => {
    const probe = (n & 15) | ((n >> 4) << 16);
    return ((probe ^ value) & mask & 0xf000f) === 0;
  }),
);

const gather = (word, bits) => bits.reduce((sum, bit) => (sum << 1) | ((word >>> bit) & 1), 0);

/** The registers of the address file that are meant by r, s and t, as letters: they decide how large a window is needed. */
const FLOATS_RST = new Set(['add.s', 'sub.s', 'mul.s', 'madd.s', 'msub.s', 'maddn.s', 'divn.s', 'mov.s', 'abs.s', 'neg.s', 'div0.s',
  'recip0.s', 'sqrt0.s', 'rsqrt0.s', 'nexp01.s', 'mksadj.s', 'mkdadj.s', 'addexp.s', 'addexpm.s', 'const.s', 'un.s', 'oeq.s',
  'ueq.s', 'olt.s', 'ult.s', 'ole.s', 'ule.s', 'movf.s', 'movt.s', 'andb', 'andbc', 'orb', 'orbc', 'xorb', 'any4', 'all4', 'any8',
  'all8', 'bf', 'bt', 'nop', 'nop.n', 'break', 'break.n', 'rotw']);
const SOME = {
  'lsi': 's', 'ssi': 's', 'lsip': 's', 'ssip': 's', 'lsx': 'st', 'ssx': 'st', 'lsxp': 'st', 'ssxp': 'st', 'moveqz.s': 't',
  'movnez.s': 't', 'movltz.s': 't', 'movgez.s': 't', 'rfr': 'r', 'wfr': 's', 'round.s': 'r', 'trunc.s': 'r', 'floor.s': 'r',
  'ceil.s': 'r', 'utrunc.s': 'r', 'float.s': 's', 'ufloat.s': 's', 'movf': 'rs', 'movt': 'rs', 'bbci': 's', 'bbsi': 's', 'beqi': 's',
  'bnei': 's', 'blti': 's', 'bgei': 's', 'bltui': 's', 'bgeui': 's', 'entry': '',
};
const used = (name) => (FLOATS_RST.has(name) ? '' : (SOME[name] ?? 'rst'));

const signed = (value, bits) => (value << (32 - bits)) >> (32 - bits);
const branch = (bits) => (i, k, pc) => (pc + 4 + signed(i, bits)) >>> 0;
/** What the immediate of an instruction means: from field i, field k, the address and the field n. */
const IMMEDIATES = {
  'l32r': (i, k, pc) => (((pc + 3) & ~3) + (signed(i, 16) | ~0xffff) * 4) >>> 0,
  'l16ui': (i) => i << 1, 'l16si': (i) => i << 1, 's16i': (i) => i << 1,
  'l32i': (i) => i << 2, 's32i': (i) => i << 2, 's32c1i': (i) => i << 2,
  'lsi': (i) => i << 2, 'ssi': (i) => i << 2, 'lsip': (i) => i << 2, 'ssip': (i) => i << 2,
  'l32i.n': (i) => i << 2, 's32i.n': (i) => i << 2,
  'l32e': (i) => (i << 2) - 64, 's32e': (i) => (i << 2) - 64,
  'movi': (i, k) => signed((k << 8) | i, 12),
  'movi.n': (i, k) => {
    const v = (k << 4) | i;
    return v >= 96 ? v - 128 : v;
  },
  'addi': (i) => signed(i, 8), 'addmi': (i) => signed(i, 8) << 8, 'addi.n': (i) => i || -1,
  'slli': (i, k) => 32 - ((k << 4) | i), 'srai': (i, k) => (k << 4) | i, 'ssai': (i, k) => (k << 4) | i,
  'sext': (i) => i + 7, 'clamps': (i) => i + 7, 'entry': (i) => i << 3,
  'extui': (i, k) => (k << 4) | i,
  'call0': (i, k, pc) => ((pc & ~3) + (signed(i, 18) << 2) + 4) >>> 0,
  'call': (i, k, pc) => ((pc & ~3) + (signed(i, 18) << 2) + 4) >>> 0,
  'j': branch(18), 'beqz': branch(12), 'bnez': branch(12), 'bltz': branch(12), 'bgez': branch(12),
  'beqz.n': (i, k, pc) => (pc + 4 + ((k << 4) | i)) >>> 0, 'bnez.n': (i, k, pc) => (pc + 4 + ((k << 4) | i)) >>> 0,
  'loop': (i, k, pc) => (pc + 4 + i) >>> 0, 'loopnez': (i, k, pc) => (pc + 4 + i) >>> 0, 'loopgtz': (i, k, pc) => (pc + 4 + i) >>> 0,
};
for (const name of ['beqi', 'bnei', 'blti', 'bgei', 'bltui', 'bgeui', 'bf', 'bt', 'bnone', 'beq', 'blt', 'bltu', 'ball', 'bbc', 'bbci',
  'bany', 'bne', 'bge', 'bgeu', 'bnall', 'bbs', 'bbsi']) IMMEDIATES[name] = branch(8);

/**
 * The instruction at `pc`; word: its 24 bits, little-endian. {name, pc, size (bytes), next (the address behind it), r, s, t
 * (register numbers), imm, n (calls: registers the window turns, by 4; extui: bits less 1), top (the highest group of four
 * registers of the window that it touches)}. What is none is called 'ill'.
 */
export function decode(word, pc) {
  const found = BUCKETS[(word & 15) | ((word >>> 12) & 0xf0)].find(({ mask, value }) => ((word ^ value) & mask) === 0);
  if (!found) return { name: 'ill', pc, size: (word & 8) && (word & 15) < 14 ? 2 : 3, next: pc + 3, r: 0, s: 0, t: 0, imm: 0, n: 0, top: 0 };
  const { name, size, fields } = found;
  const [r, s, t, i, k, n] = [...'rstikn'].map((letter) => gather(word, fields[letter]));
  const imm = IMMEDIATES[name] ? IMMEDIATES[name](i, k, pc) : i;
  const made = { name, pc, size, next: (pc + size) >>> 0, r, s, t, imm, n, top: 0 };
  if (name === 'bbci' || name === 'bbsi') made.r = (k << 4) | t;
  if (name === 'rotw') made.imm = signed(t, 4);
  const numbers = { r, s, t };
  for (const letter of used(name)) if (fields[letter].length) made.top = Math.max(made.top, numbers[letter] >> 2);
  if (name === 'call' || name === 'callx') made.top = Math.max(made.top, n);
  if (name === 'mac16') made.top = 3;
  return made;
}
