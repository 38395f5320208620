// What each instruction does, as JavaScript text from which both the interpreter and the translator are made.
//
// $r $s $t   the value of an address register   $R $S $T   the same as a target      $i   the immediate
// #r #s #t   the register's number              @          before an access that leaves the core: pc and cycles are stored
// c: the core; F, I: its float registers as floats and as bits; B: the bus; D8, D16, D32: data RAM; A: scratch
// Source: Xtensa Instruction Set Architecture Reference Manual, chapter 6.

const RAM = 0x3ff80000; // the 512 KiB of the data bus in which every data RAM of the chip lies
const WITHIN = 0x7ffff;
const fast = (align) => `(A&${~(WITHIN ^ align) | align})===${RAM}`;

const load = (bits, address, target, tail = '') => {
  const cell = { 8: 'D8[A&524287]', 16: 'D16[(A&524287)>>1]', 32: 'D32[(A&524287)>>2]' }[bits];
  return `A=${address};${target}=${fast(bits / 8 - 1)}?${cell}:(@B.r${bits}(A));${tail}`;
};
const store = (bits, address, value) => {
  const cell = { 8: 'D8[A&524287]', 16: 'D16[(A&524287)>>1]', 32: 'D32[(A&524287)>>2]' }[bits];
  return `A=${address};if(${fast(bits / 8 - 1)})${cell}=${value};else(@B.w${bits}(A,${value}));`;
};
const NEAR = '$s+$i|0';
const FAR = '$s+$t|0';
const bit = (number) => `(c.br>>>${number}&1)`;
const setBit = (number, value) => `c.br=(${value})?c.br|1<<${number}:c.br&~(1<<${number});`;
const compare = (condition) => setBit('#r', condition);
const rounding = (rounded) => `$R=toInt(${rounded}(F[#s]*2**$i),I[#s]);`;

/** Straight on: the next instruction is the one behind. */
export const PLAIN = {
  'nop': '', 'nop.n': '',
  'add': '$R=$s+$t|0;', 'add.n': '$R=$s+$t|0;', 'addx2': '$R=($s<<1)+$t|0;', 'addx4': '$R=($s<<2)+$t|0;', 'addx8': '$R=($s<<3)+$t|0;',
  'sub': '$R=$s-$t|0;', 'subx2': '$R=($s<<1)-$t|0;', 'subx4': '$R=($s<<2)-$t|0;', 'subx8': '$R=($s<<3)-$t|0;',
  'and': '$R=$s&$t;', 'or': '$R=$s|$t;', 'xor': '$R=$s^$t;', 'neg': '$R=-$t|0;', 'abs': 'A=$t;$R=A<0?-A|0:A;', 'mov.n': '$T=$s;',
  'movi': '$T=$i;', 'movi.n': '$S=$i;', 'addi': '$T=$s+$i|0;', 'addmi': '$T=$s+$i|0;', 'addi.n': '$R=$s+$i|0;',
  'slli': '$R=$s<<$i;', 'srai': '$R=$t>>$i;', 'srli': '$R=$t>>>$i|0;', 'extui': '$R=$t>>>$i&$n;',
  'src': '$R=c.sar===0?$t:c.sar<32?$t>>>c.sar|$s<<32-c.sar:$s>>>c.sar-32|0;',
  'srl': '$R=c.sar>31?0:$t>>>c.sar|0;', 'sll': '$R=c.sar===0?0:$s<<32-c.sar;', 'sra': '$R=$t>>(c.sar>31?31:c.sar);',
  'ssr': 'c.sar=$s&31;', 'ssl': 'c.sar=32-($s&31);', 'ssa8l': 'c.sar=($s&3)<<3;', 'ssa8b': 'c.sar=32-(($s&3)<<3);', 'ssai': 'c.sar=$i;',
  'mul16u': '$R=Math.imul($s&65535,$t&65535);', 'mul16s': '$R=Math.imul($s<<16>>16,$t<<16>>16);', 'mull': '$R=Math.imul($s,$t);',
  'muluh': '$R=highUnsigned($s,$t);', 'mulsh': '$R=highSigned($s,$t);',
  'sext': '$R=$s<<31-$i>>31-$i;', 'clamps': 'A=(1<<$i)-1;$R=$s>A?A:$s<~A?~A:$s;',
  'min': '$R=$s<$t?$s:$t;', 'max': '$R=$s>$t?$s:$t;', 'minu': '$R=$s>>>0<$t>>>0?$s:$t;', 'maxu': '$R=$s>>>0>$t>>>0?$s:$t;',
  'moveqz': 'if($t===0)$R=$s;', 'movnez': 'if($t!==0)$R=$s;', 'movltz': 'if($t<0)$R=$s;', 'movgez': 'if($t>=0)$R=$s;',
  'movf': `if(!${bit('#t')})$R=$s;`, 'movt': `if(${bit('#t')})$R=$s;`,
  'nsa': 'A=$s;$T=Math.clz32(A^A>>31)-1;', 'nsau': '$T=Math.clz32($s);', 'rur': '$R=c.user[$i];', 'wur': 'c.user[$i]=$t;',
  'rer': '$T=0;', 'wer': '',
  'andb': setBit('#r', `${bit('#s')}&${bit('#t')}`), 'andbc': setBit('#r', `${bit('#s')}&~${bit('#t')}`),
  'orb': setBit('#r', `${bit('#s')}|${bit('#t')}`), 'orbc': setBit('#r', `${bit('#s')}|1&~${bit('#t')}`),
  'xorb': setBit('#r', `${bit('#s')}^${bit('#t')}`),
  'any4': setBit('#t', 'c.br>>>#s&15'), 'all4': setBit('#t', '(c.br>>>#s&15)===15'),
  'any8': setBit('#t', 'c.br>>>#s&255'), 'all8': setBit('#t', '(c.br>>>#s&255)===255'),
  'l8ui': load(8, NEAR, '$T'), 'l16ui': load(16, NEAR, '$T'), 'l16si': load(16, NEAR, '$T', '$T=$t<<16>>16;'),
  'l32i': load(32, NEAR, '$T'), 'l32i.n': load(32, NEAR, '$T'), 'l32e': load(32, NEAR, '$T'), 'l32r': '$T=$l;',
  's8i': store(8, NEAR, '$t'), 's16i': store(16, NEAR, '$t'), 's32i': store(32, NEAR, '$t'), 's32i.n': store(32, NEAR, '$t'),
  's32e': store(32, NEAR, '$t'),
  's32c1i': 'A=$s+$i|0;(@v=B.r32(A));if(v===c.special[12])B.w32(A,$t);$T=v;',
};

/** The same with the floating-point unit: that of the ESP32 increments an address behind the access (ESP-IDF, core-isa.h,
 * XCHAL_HAVE_DFPU_SINGLE_ONLY). The steps of a division or a root carry the exact result of mkdadj.s or mksadj.s. */
export const FLOAT = {
  'lsi': load(32, NEAR, 'I[#t]'), 'ssi': store(32, NEAR, 'I[#t]'), 'lsx': load(32, FAR, 'I[#r]'), 'ssx': store(32, FAR, 'I[#r]'),
  'lsip': load(32, '$s', 'I[#t]', '$S=A+$i|0;'), 'ssip': `${store(32, '$s', 'I[#t]')}$S=A+$i|0;`,
  'lsxp': load(32, '$s', 'I[#r]', '$S=A+$t|0;'), 'ssxp': `${store(32, '$s', 'I[#r]')}$S=A+$t|0;`,
  'add.s': 'F[#r]=F[#s]+F[#t];', 'sub.s': 'F[#r]=F[#s]-F[#t];', 'mul.s': 'F[#r]=F[#s]*F[#t];',
  'madd.s': 'F[#r]=fused(F[#s],F[#t],F[#r]);', 'msub.s': 'F[#r]=fused(-F[#s],F[#t],F[#r]);',
  'round.s': rounding('nearest'), 'trunc.s': rounding('Math.trunc'), 'floor.s': rounding('Math.floor'), 'ceil.s': rounding('Math.ceil'),
  'utrunc.s': '$R=toUnsigned(Math.trunc(F[#s]*2**$i));', 'float.s': 'F[#r]=$s/2**$i;', 'ufloat.s': 'F[#r]=($s>>>0)/2**$i;',
  'mov.s': 'I[#r]=I[#s];', 'abs.s': 'I[#r]=I[#s]&2147483647;', 'neg.s': 'I[#r]=I[#s]^-2147483648;', 'rfr': '$R=I[#s];', 'wfr': 'I[#r]=$s;',
  'const.s': 'F[#r]=[0,1,2,.5][$i];',
  'div0.s': '', 'sqrt0.s': '', 'nexp01.s': '', 'maddn.s': '', 'divn.s': '', 'addexp.s': '', 'addexpm.s': 'I[#r]=I[#s];',
  'mkdadj.s': 'F[#r]=F[#s]/F[#r];', 'mksadj.s': 'F[#r]=Math.sqrt(F[#s]);', 'recip0.s': 'F[#r]=1/F[#s];', 'rsqrt0.s': 'F[#r]=1/Math.sqrt(F[#s]);',
  'un.s': compare('F[#s]!==F[#s]||F[#t]!==F[#t]'), 'oeq.s': compare('F[#s]===F[#t]'), 'ueq.s': compare('!(F[#s]<F[#t]||F[#s]>F[#t])'),
  'olt.s': compare('F[#s]<F[#t]'), 'ult.s': compare('!(F[#s]>=F[#t])'), 'ole.s': compare('F[#s]<=F[#t]'), 'ule.s': compare('!(F[#s]>F[#t])'),
  'moveqz.s': 'if($t===0)I[#r]=I[#s];', 'movnez.s': 'if($t!==0)I[#r]=I[#s];', 'movltz.s': 'if($t<0)I[#r]=I[#s];',
  'movgez.s': 'if($t>=0)I[#r]=I[#s];', 'movf.s': `if(!${bit('#t')})I[#r]=I[#s];`, 'movt.s': `if(${bit('#t')})I[#r]=I[#s];`,
};

/** What a division takes beyond its least, as a text. */
export const steps = (name) => (name.endsWith('u') ? 'divisionSteps($s,$t)' : 'divisionSteps(Math.abs($s),Math.abs($t))');
/** Integer division: a divisor of 0 is left to the interpreter, which raises the exception. */
export const DIVISION = {
  'quou': '$R=($s>>>0)/($t>>>0)|0;', 'quos': '$R=$s/$t|0;', 'remu': '$R=($s>>>0)%($t>>>0)|0;', 'rems': '$R=$s%$t|0;',
};

const B4 = [-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256];
const B4_UNSIGNED = [32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256];

/** The condition under which a branch is taken. $c: the constant that the field r stands for. */
export const BRANCH = {
  'beqz': '$s===0', 'beqz.n': '$s===0', 'bnez': '$s!==0', 'bnez.n': '$s!==0', 'bltz': '$s<0', 'bgez': '$s>=0',
  'beqi': '$s===$c', 'bnei': '$s!==$c', 'blti': '$s<$c', 'bgei': '$s>=$c', 'bltui': '$s>>>0<$c', 'bgeui': '$s>>>0>=$c',
  'bf': `!${bit('#s')}`, 'bt': bit('#s'), 'bnone': '($s&$t)===0', 'bany': '($s&$t)!==0', 'ball': '(~$s&$t)===0', 'bnall': '(~$s&$t)!==0',
  'beq': '$s===$t', 'bne': '$s!==$t', 'blt': '$s<$t', 'bge': '$s>=$t', 'bltu': '$s>>>0<$t>>>0', 'bgeu': '$s>>>0>=$t>>>0',
  'bbc': '($s>>>($t&31)&1)===0', 'bbs': '($s>>>($t&31)&1)!==0', 'bbci': '($s>>>#r&1)===0', 'bbsi': '($s>>>#r&1)!==0',
};
const UNSIGNED = new Set(['bltui', 'bgeui']);
export const constant = (d) => (UNSIGNED.has(d.name) ? B4_UNSIGNED : B4)[d.r];

// ---- what the texts call ----

const highUnsigned = (a, b) => {
  const low = Math.imul(a & 0xffff, b & 0xffff) >>> 0;
  const left = Math.imul(a >>> 16, b & 0xffff) >>> 0;
  const right = Math.imul(a & 0xffff, b >>> 16) >>> 0;
  const middle = (low >>> 16) + (left & 0xffff) + (right & 0xffff);
  return (Math.imul(a >>> 16, b >>> 16) + (left >>> 16) + (right >>> 16) + (middle >>> 16)) | 0;
};
const highSigned = (a, b) => (highUnsigned(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
const nearest = (value) => {
  const floor = Math.floor(value);
  const over = value - floor;
  return over > 0.5 || (over === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
};
/** A number to the signed range; NaN goes by its sign, as the FPU does. */
const toInt = (value, bits) => {
  if (Number.isNaN(value)) return bits < 0 ? -0x80000000 : 0x7fffffff;
  return value < -0x80000000 ? -0x80000000 : value > 0x7fffffff ? 0x7fffffff : value | 0;
};
const toUnsigned = (value) => {
  if (Number.isNaN(value) || value > 0xffffffff) return -1;
  return value < -0x80000000 ? -0x80000000 : value | 0;
};
const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);
/** a * b + c rounded once: the product is exact as a double; the sum is rounded to odd, then by the store to single. */
const fused = (a, b, c) => {
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum)) return sum;
  const part = sum - product;
  const error = product - (sum - part) + (c - part);
  if (error === 0) return sum;
  double[0] = sum;
  if (!(bits[0] & 1n)) bits[0] += error > 0 === sum > 0 ? 1n : -1n;
  return double[0];
};
/** Cycles of a division beyond the least: three bits of the quotient each (assumed). */
const divisionSteps = (dividend, divisor) => Math.max(0, Math.ceil((Math.clz32(divisor) - Math.clz32(dividend)) / 3));
export const HELPERS = { divisionSteps, highUnsigned, highSigned, nearest, toInt, toUnsigned, fused };
