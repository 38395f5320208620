// The emulated ESP32 under the official MicroPython binary: boot, language, units, sleep, resets, bad images.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';

import { Flash } from '../../bench/sim/chip/flash.mjs';
import { decode } from '../../bench/sim/esp32/xtensa/decode.mjs';
import { readImage } from '../../bench/sim/esp32/image.mjs';
import { counts } from '../../bench/sim/esp32/units/adc.mjs';
import { flashWith, Repl } from '../../bench/sim/esp32/repl.mjs';

const FIRMWARE = new URL('../../../.cache/micropython/firmware-esp32.bin', import.meta.url);
const firmware = fs.readFileSync(FIRMWARE);
const board = (options = {}) => new Repl({ firmware: FIRMWARE, ...options }).boot();
const ok = (repl, code, expected) => assert.deepEqual(repl.run(code), { out: expected, error: '' });

describe('one board', () => {
  const repl = board();

  test('boots to the prompt, formats its file system and meets nothing unknown', () => {
    assert.deepEqual(repl.notes, ['core 1 starts at 40081144']);
    ok(repl, 'import os\nprint(os.listdir(), os.statvfs("/")[:3])', "['boot.py'] (4096, 4096, 512)");
    ok(repl, 'import machine\nprint(machine.unique_id().hex(), machine.freq(), machine.reset_cause())', '240ac4000001 160000000 1');
  });

  test('computes: integers, floats, exceptions, a branch to the end of a loop', () => {
    ok(repl, 'print(10**20, 7//-2, 1/3, 2.5**10)', '100000000000000000000 -4 0.3333333 9536.743');
    ok(repl, 'import math\nprint(math.sin(1), math.sqrt(2))', '0.841471 1.414214');
    ok(repl, 'try:\n 1/0\nexcept ZeroDivisionError as e: print(e)', 'divide by zero');
    ok(repl, 'import asyncio\nasyncio.Event()\nprint("loaded")', 'loaded'); // relative import: a zero-overhead loop left by a branch
  });

  test('hashes and encrypts with the accelerators', () => {
    ok(repl, 'import hashlib\nprint(hashlib.sha256(b"abc").digest().hex())', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    ok(repl, 'import hashlib\nprint(hashlib.sha1(b"abc").digest().hex())', 'a9993e364706816aba3e25717850c26c9cd0d89d');
    // FIPS 197, appendix C.1
    ok(repl, 'import cryptolib\nk=bytes(range(16))\nprint(cryptolib.aes(k,1).encrypt(bytes.fromhex("00112233445566778899aabbccddeeff")).hex())',
      '69c4e0d86a7b0430d8cdb78070b4c55a');
  });

  test('drives SPI, I2C, UART, PWM and ADC', () => {
    const { buses } = repl.chip;
    buses.spi[2].exchange = (byte) => byte ^ 0xff;
    ok(repl, 'from machine import SPI,Pin\ns=SPI(2,8000000,sck=Pin(5),mosi=Pin(27),miso=Pin(19))\nb=bytearray(3)\ns.write_readinto(b"\\x01\\x02\\x03",b)\nprint(b.hex())', 'fefdfc');
    buses.i2c[0].targets.set(0x23, { start: () => true, write: () => true, read: () => 0x5a, stop: () => {} });
    ok(repl, 'from machine import I2C,Pin\ni=I2C(0,scl=Pin(22),sda=Pin(21))\nprint(i.scan(), i.readfrom(0x23,2).hex())', '[35] 5a5a');
    repl.chip.units.uart[1].onByte = (byte) => repl.chip.units.uart[1].receive(byte + 1);
    ok(repl, 'from machine import UART\nimport time\nu=UART(1,9600,tx=13,rx=14)\nu.write(b"ab")\ntime.sleep_ms(20)\nprint(u.read())', "b'bc'");
    ok(repl, 'from machine import PWM,Pin\np=PWM(Pin(25),freq=1000,duty_u16=16384)', '');
    const { duty, hertz } = repl.chip.units.ledc.output(repl.chip.units.ledc.channelAt(25));
    assert.ok(Math.abs(duty - 0.25) < 0.001 && Math.abs(hertz - 1000) < 2, `${duty} at ${hertz} Hz`);
  });

  test('sees edges at a pin and in which order', () => {
    repl.run('from machine import Pin\nseen=[]\np=Pin(36,Pin.IN)\np.irq(lambda q: seen.append(q.value()),Pin.IRQ_RISING|Pin.IRQ_FALLING)');
    for (const level of [1, 0]) {
      repl.chip.wires.drive(36, level);
      repl.chip.run(repl.clock.nanosCounter + 5e6);
    }
    ok(repl, 'print(seen)', '[1, 0]');
  });

  test('sleeps for as long as it was told, counters and watchdog standing still meanwhile', () => {
    const before = repl.chip.sleepNanos;
    ok(repl, 'import machine,time\nw=machine.WDT(timeout=3000)\nt=time.ticks_ms()\nmachine.lightsleep(4000)\nw.feed()\nprint(3995 <= time.ticks_diff(time.ticks_ms(),t) <= 4005)', 'True');
    const slept = (repl.chip.sleepNanos - before) / 1e9;
    assert.ok(slept > 3.9 && slept < 4.01, `${slept} s`);
  });
});

test('a program that stops feeding its watchdog is reset, and is told so', () => {
  const repl = board();
  repl.type('import machine; w=machine.WDT(timeout=1000)\r');
  repl.until('>>> ');
  repl.output = '';
  repl.type('while True: pass\r\r');
  repl.until('Type "help()" for more information.\r\n>>> ', 6000);
  ok(repl, 'import machine\nprint(machine.reset_cause() == machine.WDT_RESET)', 'True');
});

test('deep sleep ends in a reset that keeps the RTC memory', () => {
  const repl = board();
  repl.run('import machine\nmachine.RTC().memory(b"kept")');
  repl.output = '';
  repl.type('machine.deepsleep(1500)\r');
  repl.until('Type "help()" for more information.\r\n>>> ', 4000);
  ok(repl, 'import machine\nprint(machine.reset_cause() == machine.DEEPSLEEP_RESET, machine.RTC().memory())', "True b'kept'");
});

test('two runs are equal to the last byte and cycle', () => {
  const state = () => {
    const repl = board();
    repl.run('x=[i*i for i in range(500)]\nimport gc\ngc.collect()');
    return [repl.clock.nanosCounter, ...repl.chip.cores.map((core) => core.cycles), Buffer.from(repl.chip.memory.D8).toString('base64')];
  };
  assert.deepEqual(state(), state());
});

test('two chips that start together keep to themselves', () => {
  const chips = [1, 2].map(() => new Repl({ firmware: FIRMWARE }));
  for (let at = 1e4; at <= 1e7; at += 1e4) for (const repl of chips) repl.chip.run(at); // the partition table is hashed at 8.8 ms
  for (const repl of chips) {
    repl.boot();
    ok(repl, 'import esp32\nprint(esp32.Partition(esp32.Partition.RUNNING).info()[4])', 'factory');
  }
});

test('interpreted and translated code compute the same', () => {
  const code = 's=0\nfor i in range(3000):\n s=(s*31+i)&0xffffff\nf=0.0\nfor i in range(200): f+=i/7\nprint(s, f, sorted([3,1,2]), "%.3f" % f)';
  const repl = board();
  const slow = board();
  slow.chip.code.never = true;
  assert.deepEqual(slow.run(code), repl.run(code));
});

describe('a flash that holds no application for this chip', () => {
  const damaged = (change) => {
    const bytes = flashWith(firmware).bytes;
    change(bytes);
    return () => readImage(bytes, 0x10000);
  };
  test('is refused with what is wrong', () => {
    assert.throws(damaged((b) => b.fill(0xff, 0x10000)), /there is no application at 10000 of the flash, which has ff there, not e9: write a whole/);
    assert.throws(damaged((b) => { b[0x1000c] = 9; }), /for another chip \(id 9, ESP32-S3\), an ESP32's has id 0/);
    assert.throws(damaged((b) => { b[0x10001] = 40; }), /damaged, its header names 40 segments/);
    assert.throws(damaged((b) => { b[0x10040] ^= 1; }), /cut or damaged, its checksum is wrong: write/);
    const twice = (b) => [0x10040, 0x10044].forEach((at) => { b[at] ^= 1; }); // the checksum is the same
    assert.throws(damaged(twice), /damaged, its SHA-256 is wrong/);
    assert.throws(() => readImage(flashWith(firmware).bytes.subarray(0, 0x20000), 0x10000), /cut, segment \d ends behind the flash/);
  });
});

test('the decoder follows the manual\'s encodings', () => {
  const at = 0x40080000;
  const name = (word) => decode(word, at).name;
  assert.equal(name(0x004136), 'entry');
  assert.equal(name(0x000090), 'retw');
  assert.equal(name(0x00f01d), 'retw.n');
  assert.equal(name(0x0020f0), 'nop');
  assert.equal(decode(0xfffd21, at + 4).imm, at - 8); // l32r: three words back from its own
  assert.deepEqual([decode(0x8076, at).name, decode(0x108076 | 0x200, at).imm], ['loop', at + 4 + 0x10]);
  assert.equal(name(0xffffff), 'ill');
});

test('the ADC is blind near 0, full at its range, and between by the line that the firmware calibrates by', () => {
  assert.deepEqual([counts(0, 3), counts(70, 3), counts(142, 3), counts(3135, 3), counts(5000, 3)], [0, 0, 0, 4095, 4095]);
  for (const [raw, millivolts] of [[1000, 948], [1687, 1501], [2880, 2462]]) assert.ok(Math.abs(counts(millivolts, 3) - raw) < 2);
  assert.ok(Math.abs(counts(2868, 3) - 3520) < 106);
  for (const [attenuation, millivolts] of [[0, 557], [1, 718], [2, 992]]) assert.ok(Math.abs(counts(millivolts, attenuation) - 2048) < 3);
});

test('flash operations take their time, and wear is counted', () => {
  const flash = new Flash(flashWith(firmware).bytes, 4 << 20);
  const repl = new Repl({ flash }).boot();
  const before = { ...flash };
  const began = repl.clock.nanosCounter;
  repl.run('f=open("a","w")\nf.write("x"*3000)\nf.close()');
  assert.ok(flash.erases > before.erases && flash.programs > before.programs);
  assert.ok(repl.clock.nanosCounter - began > 45e6 * (flash.erases - before.erases));
});
