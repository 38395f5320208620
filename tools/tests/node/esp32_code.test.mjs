// Instructions of the emulated ESP32: what the decoder makes of the whole image, faults inside of traces, the float unit.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { describe, test } from 'node:test';

import { Repl } from '../../bench/sim/esp32/repl.mjs';
import { FUNCTIONS } from '../../bench/sim/esp32/rom/addresses.mjs';
import { listing } from '../../bench/sim/esp32/xtensa/listing.mjs';
import { SPECIAL } from '../../bench/sim/esp32/xtensa/windows.mjs';
import { IRAM, place } from './esp32_core.mjs';

const FIRMWARE = new URL('../../../.cache/micropython/firmware-esp32.bin', import.meta.url);
const { chip } = new Repl({ firmware: FIRMWARE }).boot();
const DATA = 0x3ffb0000;
const both = (check) => [true, false].forEach(check);

test('the decoder reads the image as it did when it was compared with a disassembler', () => {
  const hash = createHash('sha256');
  let positions = 0;
  for (const [address, size, name, n] of listing(fs.readFileSync(FIRMWARE))) {
    positions += 1;
    hash.update(`${address} ${size} ${name} ${name.startsWith('call') ? n : ''}\n`);
  }
  // After a change: CONTRIBUTING.md, "The decoder of the ESP32".
  assert.deepEqual([positions, hash.digest('hex').slice(0, 16)], [531724, '824d1ec659bf2e3d']);
});

test('a reset keeps what was translated, and nothing else', () => {
  const repl = new Repl({ firmware: FIRMWARE }).boot();
  const { memory, code } = repl.chip;
  const mapped = memory.entries.map((table) => [...table]);
  const before = code.translated;
  memory.map(0, 60, 5, repl.chip.flash.bytes);
  memory.map(1, 60, 5, repl.chip.flash.bytes);
  memory.w32(0x3ffe7ff0, 7);
  repl.output = '';
  repl.type('import machine; machine.reset()\r');
  let found = null;
  const start = repl.chip.startFlash.bind(repl.chip);
  repl.chip.startFlash = () => {
    found = memory.r32(0x3ffe7ff0);
    start();
  };
  repl.until('Type "help()" for more information.\r\n>>> ');
  assert.equal(found, 0);
  assert.deepEqual(memory.entries.map((table) => [...table]), mapped);
  assert.ok(code.translated - before < before / 2, `${code.translated - before} traces after ${before}`);
});

test('what each tick does with windows and interrupt levels is done in traces', () => {
  const repl = new Repl({ firmware: FIRMWARE }).boot();
  repl.run('import time\ntime.sleep(20)'); // translated by now
  const counted = new Map();
  const count = (name) => counted.set(name, (counted.get(name) ?? 0) + 1);
  for (const core of repl.chip.cores) {
    const single = core.single.bind(core);
    core.single = () => {
      count(repl.chip.code.at(core.pc)?.name);
      single();
    };
  }
  const callRom = repl.chip.callRom.bind(repl.chip);
  repl.chip.callRom = (core) => {
    count(FUNCTIONS.get(core.pc >>> 0));
    callRom(core);
  };
  repl.run('time.sleep(10)');
  const often = [...counted].filter(([, times]) => times > 2000).map(([name]) => name); // twice a tick
  assert.deepEqual(often.filter((name) => ['rfwo', 'rfwu', 'retw.n', '_xtos_set_intlevel'].includes(name)), []);
  assert.ok(often.length, 'nothing was counted');
});

describe('a bad access inside a trace', () => {
  test('leaves the registers as they were before it', () => {
    both((never) => {
      const words = [0xffc332, 0x04c222, 0x002242, 0xfffcc6]; // addi a3, a3, -1; addi a2, a2, 4; l32i a4, a2, 0; j back
      const core = place(chip, words, { a2: 0x50001f00, a3: 100, never });
      core.runTo(core.special[SPECIAL.vecbase] + 0x300);
      assert.equal(core.get(2), 0x50002000);
      assert.equal(core.get(3), 100 - 64);
      assert.equal(core.special[SPECIAL.epc + 1], IRAM + 6);
      assert.equal(core.special[SPECIAL.vaddr], 0x50002000);
    });
  });
});

describe('functions of the ROM that move bytes', () => {
  const { memory } = chip;
  const [, core] = chip.cores;
  const RTC_SLOW = 0x50000000;
  const bytes = (a, count) => Array.from({ length: count }, (_, i) => memory.r8(a + i));
  const call = (name, ...values) => {
    const [address] = [...FUNCTIONS].find(([, each]) => each === name);
    place(chip, [], {});
    [IRAM, 0, ...values].forEach((value, n) => core.put(n, value));
    core.ps &= ~0x30000; // as a call0: its arguments are in a2 and on
    core.pc = address;
    chip.callRom(core);
    assert.equal(core.pc, IRAM);
  };

  test('memmove keeps what overlaps, in either direction and in every memory', () => {
    for (const base of [DATA, RTC_SLOW]) {
      for (const [to, from] of [[0, 7], [7, 0], [4, 8], [8, 4]]) {
        for (let i = 0; i < 32; i += 1) memory.w8(base + i, i + 1);
        const expected = Uint8Array.from(bytes(base, 32)).copyWithin(to, from, from + 16);
        call('memmove', base + to, base + from, 16);
        assert.deepEqual(bytes(base, 32), [...expected]);
      }
    }
  });

  test('memset writes its count of bytes and no other', () => {
    for (const base of [DATA, RTC_SLOW]) {
      for (let i = 0; i < 32; i += 1) memory.w8(base + i, 0xee);
      call('memset', base + 5, 0x1a7, 9);
      assert.deepEqual(bytes(base, 32), Array.from({ length: 32 }, (_, i) => (i >= 5 && i < 14 ? 0xa7 : 0xee)));
    }
  });

  test('a copy out of the flash waits for each line that the cache does not hold', () => {
    const FLASH = 0x3f400000;
    core.cache.flush();
    const { misses } = core.cache;
    call('memcpy', DATA, FLASH + 16, 64); // over three lines
    assert.equal(core.cache.misses - misses, 3);
    assert.deepEqual(bytes(DATA, 64), bytes(FLASH + 16, 64));
  });
});

describe('the float unit', () => {
  const float = (words, registers) => {
    const core = place(chip, words, registers);
    core.special[SPECIAL.cpenable] = 1;
    core.runTo(IRAM + 3 * words.length);
    return core;
  };

  test('increments an address behind the access', () => {
    both((never) => {
      for (let i = 0; i < 20; i += 1) chip.memory.w32(DATA + 4 * i, 100 + i);
      const core = float([0x018213, 0xffc332, 0xff6356], { a2: DATA, a3: 20, never }); // lsip f1, a2, 4; addi a3, a3, -1; bnez a3, back
      assert.equal(core.get(2), DATA + 80);
      assert.equal(core.I[1], 119);
    });
  });

  test('rounds to nearest whatever its control register says, and sets no flags', () => {
    both((never) => {
      const core = place(chip, [], { never });
      core.F[1] = 1;
      core.F[2] = 2 ** -24 * 1.5;
      float([0xf3e820, 0x0a3120, 0xe30940], { a2: 2, never }); // wur.fcr a2 (round up); add.s f3, f1, f2; rur.fsr
      assert.equal(core.F[3], Math.fround(1 + 2 ** -23));
      core.F[2] = 2 ** -24 * 0.5;
      float([0xf3e820, 0x0a3120, 0xe30940], { a2: 2, never });
      assert.equal(core.F[3], 1); // a chip: 1.0000001
      assert.equal(core.user[233], 0); // a chip: inexact
    });
  });
});
