// Time on the emulated ESP32: cycles of instructions, the flash cache, units, CPU frequencies; and that two runs are one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { describe, test } from 'node:test';

import { FlashCache, lineNanos } from '../../bench/sim/esp32/flash_cache.mjs';
import { Repl } from '../../bench/sim/esp32/repl.mjs';
import { decode } from '../../bench/sim/esp32/xtensa/decode.mjs';
import { Pipeline } from '../../bench/sim/esp32/xtensa/timing.mjs';
import { SPECIAL } from '../../bench/sim/esp32/xtensa/windows.mjs';
import { IRAM, place } from './esp32_core.mjs';

const FIRMWARE = new URL('../../../.cache/micropython/firmware-esp32.bin', import.meta.url);
const CCOMPARE0 = 1 << 6; // interrupt of the first CCOMPARE (TRM 3.3.2)
const board = (options = {}) => new Repl({ firmware: FIRMWARE, ...options }).boot();
const TIMED = 'import time\ndef work():\n for i in range(%): pass\nt=time.ticks_us()\nwork()\nprint(time.ticks_diff(time.ticks_us(),t))';
const timed = (repl, rounds) => Number(repl.run(TIMED.replace('%', rounds)).out);

/** Cycles that a core takes for instructions in IRAM; words of 24 bits. */
function cyclesOf(chip, words, { never = false, ...registers } = {}) {
  const core = place(chip, words, { never, ...registers });
  core.runTo(IRAM + 3 * words.length);
  return core.n;
}

/** A core that is 100 cycles beyond its first CCOMPARE; the world's time, and with it the alarm, is still to come. */
function beyond(chip) {
  const [core] = chip.cores;
  core.write(SPECIAL.ccompare, core.ccount + 100);
  core.cycles += 200;
  core.nanos += 200 * chip.cycleNanos;
  return core;
}

describe('a CCOMPARE that a core has passed', () => {
  const ways = {
    'when the clocks stop for sleep': (chip) => chip.stop(),
    'when the frequency changes': (chip) => chip.setFrequency(80),
    'when another CCOMPARE is written': (chip, core) => core.write(SPECIAL.ccompare + 1, core.ccount + 5000),
  };
  for (const [when, change] of Object.entries(ways)) {
    test(`interrupts, ${when}`, () => {
      const { chip } = board();
      const core = beyond(chip);
      assert.equal(core.latched & CCOMPARE0, 0);
      change(chip, core);
      assert.equal(core.latched & CCOMPARE0, CCOMPARE0, 'a tick of FreeRTOS was lost: no other comes for 26 s');
    });
  }

  test('and is then written itself does not', () => {
    const { chip } = board();
    const core = beyond(chip);
    core.write(SPECIAL.ccompare, core.ccount + 5000);
    assert.equal(core.latched & CCOMPARE0, 0);
  });
});

describe('cycles of instructions', () => {
  const { chip } = board();
  const LOOP = [0xffc222, 0xff9256]; // addi a2, a2, -1; bnez a2, back
  test('a loop of decrement and branch takes five cycles a round, interpreted or translated', () => {
    for (const never of [true, false]) {
      const [few, many] = [100, 1100].map((a2) => cyclesOf(chip, LOOP, { a2, never }));
      assert.equal(many - few, 5000, never ? 'interpreted' : 'translated');
    }
  });

  test('code that is interpreted does not wait for results', () => {
    const words = [0x0023 << 8 | 0x42, 0x804440, ...LOOP.slice(0, 1), 0xff3256]; // l32i a4, a3, 0; add a4, a4, a4; addi; bnez
    const round = (never) => {
      const [few, many] = [100, 1100].map((a2) => cyclesOf(chip, words, { a2, a3: 0x3ffb0000, never }));
      return (many - few) / 1000;
    };
    assert.deepEqual([true, false].map(round), [7, 9]);
  });

  test('a division takes longer for a longer quotient', () => {
    const QUOU = [0xc22230]; // quou a2, a2, a3
    const took = [[7, 9], [1000, 9], [-1, 1]].map(([a2, a3]) => cyclesOf(chip, QUOU, { a2, a3, never: true }));
    assert.deepEqual(took, [2, 4, 13]);
  });

  test('who needs the result of a load, a product or a float sum at once waits for it', () => {
    const took = (...words) => {
      const pipeline = new Pipeline();
      return words.map((word, i) => pipeline.take(decode(word, IRAM + 3 * i)));
    };
    assert.deepEqual(took(0x002222, 0x802220), [1, 3]); // l32i a2, a2, 0; add a2, a2, a2
    assert.deepEqual(took(0x002222, 0x0020f0, 0x802220), [1, 1, 2]); // with something else between
    assert.deepEqual(took(0x822220, 0x802220), [1, 2]); // mull
    assert.deepEqual(took(0x0a1120, 0x0a1120), [1, 4]); // add.s f1, f1, f2 twice
    assert.deepEqual(took(0x000006), [4]); // j
  });
});

describe('the flash cache', () => {
  test('reads a line in the time that mode and clock of the flash give', () => {
    const header = (mode, speed) => lineNanos([0xe9, 4, mode, speed], 0);
    assert.equal(header(2, 0x20), 3800); // DIO, 40 MHz: 152 clocks
    assert.equal(header(0, 0x2f), 1050); // QIO, 80 MHz: 84 clocks
    assert.equal(lineNanos(fs.readFileSync(FIRMWARE), 0), 3800); // MicroPython's
  });

  test('has two ways: a third line of the same set throws the oldest out', () => {
    const cache = new FlashCache(() => 10);
    const at = (n) => 0x400d0000 + n * 0x4000;
    assert.deepEqual([0, 0, 1, 0, 2, 1, 0].map((n) => cache.touch(at(n))), [10, 0, 10, 0, 10, 0, 10]);
    assert.equal(cache.touch(at(0) + 31), 0);
    cache.flush();
    assert.equal(cache.touch(at(0)), 10);
  });

  test('makes code slower, and can be left out', () => {
    const code = 'import time\ndef work():\n d={}\n for i in range(2000): d[i&63]=str(i)+"x"\nt=time.ticks_us()\nwork()\nprint(time.ticks_diff(time.ticks_us(),t))';
    const [without, slower] = [false, true].map((cached) => Number(board({ cached }).run(code).out));
    assert.ok(slower > 1.05 * without && slower < 4 * without, `${slower} us, ${without} us without misses`);
  });
});

describe('clocks', () => {
  const repl = board();
  test('the frequency of the CPU decides how long a cycle is', () => {
    const took = [80, 160, 240].map((megahertz) => {
      repl.run(`import machine\nmachine.freq(${megahertz}000000)`);
      timed(repl, 100);
      return timed(repl, 20000);
    });
    assert.ok(Math.abs(took[0] / took[1] - 2) < 0.05 && Math.abs(took[0] / took[2] - 3) < 0.1, took.join());
  });

  test('an access to a unit waits for three cycles of the APB', () => {
    const { chip } = repl;
    const [core] = chip.cores;
    chip.core = core;
    for (const megahertz of [80, 160, 240]) {
      chip.megahertz = megahertz;
      const before = core.n;
      chip.memory.r32(0x3ff44004);
      chip.memory.w32(0x3ff44004, 0);
      assert.equal(core.n - before, (6 * megahertz) / 80);
    }
    chip.megahertz = 240;
  });

  test('a core that an interrupt wakes goes on at that instant', () => {
    const { chip } = board();
    let late = 0;
    for (const core of chip.cores) {
      const interrupt = core.interrupt.bind(core);
      core.interrupt = () => {
        late = Math.max(late, chip.clock.nanosCounter - core.nanos - core.n * chip.cycleNanos);
        interrupt();
      };
    }
    chip.run(chip.clock.nanosCounter + 1e9);
    assert.ok(late < 1000, `${late} ns behind the clock`);
  });
});

/** [instant (ns), time that a core ran (ns), hash of memory, registers, cycles and cache misses] after some work and some sleep. */
function state(seed) {
  const repl = board({ seed });
  repl.run('import time, os\nx=[str(i*i) for i in range(500)]\nwith open("a","w") as f: f.write("x"*3000)\ntime.sleep(20)\nu=os.urandom(9)');
  const { chip } = repl;
  const hash = createHash('sha256').update(chip.memory.M8).update(chip.memory.slow).update(chip.flash.bytes);
  for (const core of chip.cores) hash.update(core.R).update(core.I).update(core.special).update(JSON.stringify([core.pc, core.ps, core.w, core.ws, core.cycles, core.cache.misses]));
  return [repl.clock.nanosCounter, chip.busyNanos, hash.digest('hex').slice(0, 16)].join();
}

test('two boards in the same state stay so: memory, registers, cycles', () => {
  const first = state(1);
  assert.equal(state(1), first);
  assert.notEqual(state(2), first);
  // What makes the emulation faster must not change this; what changes a cost or a unit does, and then it is renewed.
  assert.equal(first, '20432211368.75,479952431.25,e3d171da95317506');
});
