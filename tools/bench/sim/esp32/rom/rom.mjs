// The mask ROM, answered in JavaScript: no image of it is needed. A call of an address in it runs the function of that name, with
// the arguments of the windowed or the plain calling convention, and returns to its caller.
import { hex } from '../memory.mjs';
import { ARITHMETIC } from './arithmetic.mjs';
import { FUNCTIONS } from './addresses.mjs';
import { HEAP } from './heap.mjs';
import { insideLongjmp, JUMPS } from './jumps.mjs';
import { STDIO } from './stdio.mjs';
import { Call, JUMPED } from './call.mjs';
import { BYTES, STRINGS } from './strings.mjs';
import { setLevel, SYSTEM } from './system.mjs';
import { CAUSE } from '../xtensa/windows.mjs';

const ALL = { ...STRINGS, ...BYTES, ...ARITHMETIC, ...JUMPS, ...STDIO, ...HEAP, ...SYSTEM };
const BEGIN = 0x40000000;
const END = 0x40070000;
const CALL_CYCLES = 20; // assumed: entry, body of a short function and return
/** ESP-IDF's own longjmp makes its frame and jumps past the ROM's first instructions (esp_rom, patches/esp_rom_longjmp.S). */
const INSIDE_LONGJMP = 0x400562e0;
const AT = new Map([...FUNCTIONS].filter(([, name]) => ALL[name]).map(([pc, name]) => [pc, ALL[name]]));

/** The core's pc is where nothing can be fetched: a ROM function, or a wild jump. */
export function callRom(chip, core) {
  const pc = core.pc >>> 0;
  core.n += CALL_CYCLES;
  if (pc === INSIDE_LONGJMP) {
    insideLongjmp(chip, core);
    return;
  }
  if (pc < BEGIN || pc >= END) {
    chip.note(`core ${core.id} jumped to ${hex(pc)}, where no code is`);
    core.exception(CAUSE.fetch, pc);
    return;
  }
  const call = new Call(chip, core);
  const run = AT.get(pc);
  if (!run) chip.missing(`ROM function ${FUNCTIONS.get(pc) ?? hex(pc)}`, call);
  const value = run ? run(call) : 0;
  if (value !== JUMPED) call.returns(value);
}

/** Functions of the ROM that are called at each step of FreeRTOS: (core), without a `Call`. */
export const DIRECT = new Map([...FUNCTIONS].filter(([, name]) => name === '_xtos_set_intlevel').map(([pc]) => [pc, (core) => {
  core.n += CALL_CYCLES;
  setLevel(core);
}]));

const CTYPE = 0x3ff96354;
const CTYPE_POINTER = 0x3ff96350;
const FLASH_CHIP = 0x3ffae270; // g_rom_flashchip: {id, size, block, sector, page, status mask}

/** Tables of the ROM, and what the boot loader leaves in its RAM. */
export function romData(memory, flashBytes) {
  for (let c = 0; c < 128; c += 1) memory.M8[CTYPE + 1 + c - 0x3f400000] = ctype(String.fromCharCode(c));
  memory.w32(CTYPE_POINTER, CTYPE);
  memory.w32(0x3ff96530, 1); // MB_CUR_MAX
  [0xef4016, flashBytes, 0x10000, 0x1000, 0x100, 0xffff].forEach((value, i) => memory.w32(FLASH_CHIP + 4 * i, value));
}

/** newlib's classes: upper 1, lower 2, digit 4, space 8, punctuation 16, control 32, hex letter 64, blank 128. */
function ctype(c) {
  const classes = [/[A-Z]/, /[a-z]/, /\d/, /[ \t\n\v\f\r]/, /[!-/:-@[-`{-~]/, /[\0-\x1f\x7f]/, /[A-Fa-f]/, / /];
  return classes.reduce((bits, pattern, i) => (pattern.test(c) ? bits | (1 << i) : bits), 0);
}
