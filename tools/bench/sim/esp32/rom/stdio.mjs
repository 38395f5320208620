// The ends of newlib's stdio that lie in ROM, and ets_printf: what they write goes to the console.

import { STUBS } from './heap.mjs';
import { callBack } from './jumps.mjs';

const FILES = 0x3ffae300; // FILE structures, in the ROM's own part of RAM
const FILE_BYTES = 104;
const COUNT = 8;
const FLAGS = 12;
const LOCK = 0x58;
/** A function in the table of what the ROM's newlib calls. */
const LOCK_INIT_RECURSIVE = 100;

const write = (c, byte) => c.chip.console(byte & 0xff);
const writeText = (c, text) => [...text].forEach((character) => write(c, character.charCodeAt(0)));

/** %s %c %d %i %u %x %X %p %% with widths, as the ROM's own has them. */
export function format(c, text, first) {
  let n = first;
  return text.replace(/%(-?)(0?)(\d*)l*([sdiuxXpc%])/g, (_, left, zero, width, kind) => {
    if (kind === '%') return '%';
    const value = kind === 's' ? c.text(c.u(n)) : kind === 'c' ? String.fromCharCode(c.u(n) & 0xff)
      : kind === 'd' || kind === 'i' ? `${c.int(n)}` : kind === 'u' ? `${c.u(n)}` : c.u(n).toString(16);
    n += 1;
    return left ? value.padEnd(+width) : value.padStart(+width, zero || ' ');
  });
}

/** A FILE that is free (its flags are 0), as __sfp finds one. */
function freeFile(c) {
  for (let i = 0; i < COUNT; i += 1) {
    const file = FILES + FILE_BYTES * i;
    if (c.memory.r32(file + FLAGS) !== 0) continue;
    for (let k = 0; k < FILE_BYTES; k += 4) c.memory.w32(file + k, 0);
    c.memory.w32(file + FLAGS, 0xffff0001 | 0);
    const stubs = c.memory.r32(STUBS);
    if (stubs) {
      const { pc } = c.core;
      callBack(c, c.memory.r32(stubs + LOCK_INIT_RECURSIVE), file + LOCK);
      c.core.pc = pc;
    }
    return file;
  }
  return 0;
}

function writeVector(c) {
  const vector = c.u(2);
  let left = c.memory.r32(vector + 4);
  for (let entry = c.memory.r32(vector); left > 0; left -= 1, entry += 8) {
    for (const byte of c.bytes(c.memory.r32(entry), c.memory.r32(entry + 4))) write(c, byte);
  }
  c.memory.w32(vector + 8, 0);
  return 0;
}

const nothing = () => 0;
export const STDIO = {
  ets_printf: (c) => {
    writeText(c, format(c, c.text(c.u(0)), 1));
    return 0;
  },
  ets_write_char_uart: (c) => write(c, c.int(0)) ?? 0, uart_tx_one_char: (c) => write(c, c.int(0)) ?? 0,
  uart_tx_one_char2: (c) => write(c, c.int(0)) ?? 0,
  __swbuf: (c) => {
    write(c, c.int(0));
    return c.int(0) & 0xff;
  },
  __swbuf_r: (c) => {
    write(c, c.int(1));
    return c.int(1) & 0xff;
  },
  __sfvwrite_r: writeVector, __sfp: freeFile,
  __swsetup_r: (c) => {
    c.memory.w16(c.u(1) + 12, c.memory.r16(c.u(1) + 12) | 8);
    return 0;
  },
  __sinit: nothing, __sfp_lock_acquire: nothing, __sfp_lock_release: nothing, __sinit_lock_acquire: nothing, __sinit_lock_release: nothing,
  _fflush_r: nothing, fflush: nothing, __env_lock: nothing, __env_unlock: nothing, __tz_lock: nothing, __tz_unlock: nothing,
  ets_install_putc1: nothing, ets_install_putc2: nothing, ets_install_uart_printf: nothing, uart_tx_flush: nothing, uart_tx_switch: nothing,
  uart_div_modify: nothing, uartAttach: nothing, Uart_Init: nothing,
};
