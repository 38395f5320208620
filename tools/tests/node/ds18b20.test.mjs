import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { crc8 } from '../../bench/sim/one_wire_device.mjs';
import { DS18B20 } from '../../bench/sim/parts/ds18b20.mjs';
import { Host, World } from './world.mjs';

const PIN = 22;
const [READ_ROM, SKIP, SEARCH, CONVERT, WRITE, READ] = [0x33, 0xcc, 0xf0, 0x44, 0x4e, 0xbe];
let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

function thermometer(options = {}, wiring = { pin: PIN }) {
  const part = new DS18B20(host, wiring, { noise: 0, ...options });
  part.reset();
  return part;
}

// A master as MicroPython's modonewire.c times it.
function low(us) {
  host.put(PIN, 0);
  world.pass(us);
  host.put(PIN, null);
}

function reset() {
  low(480);
  world.pass(70);
  const present = host.level(PIN) === 0;
  world.pass(410);
  return present;
}

function writeBit(bit) {
  low(bit ? 6 : 60);
  world.pass(bit ? 64 : 10);
}

function readBit() {
  low(6);
  world.pass(9);
  const bit = host.level(PIN);
  world.pass(55);
  return bit;
}

const write = (...bytes) => bytes.forEach((byte) => [0, 1, 2, 3, 4, 5, 6, 7].forEach((i) => writeBit((byte >> i) & 1)));
const read = (count) =>
  Array.from({ length: count }, () => [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, i) => sum | (readBit() << i), 0));

function celsius() {
  reset();
  write(SKIP, READ);
  const bytes = read(9);
  assert.equal(crc8(bytes), 0);
  return (((bytes[0] | (bytes[1] << 8)) << 16) >> 16) / 16;
}

function convert(us = 750e3) {
  reset();
  write(SKIP, CONVERT);
  world.pass(us);
}

test('ds18b20: it answers a reset, tells its ROM with a CRC, and +85 degrees until it has converted', () => {
  thermometer();
  assert.equal(reset(), true);
  write(READ_ROM);
  const rom = read(8);
  assert.deepEqual([rom[0], crc8(rom)], [0x28, 0]);
  assert.equal(celsius(), 85);
  assert.deepEqual(host.refused, []);
});

test('ds18b20: the temperatures of table 1 of its datasheet', () => {
  const part = thermometer();
  for (const value of [125, 85, 25.0625, 10.125, 0.5, 0, -0.5, -10.125, -25.0625, -55]) {
    part.set({ temperature_c: value });
    convert();
    assert.equal(celsius(), value);
  }
  part.set({ temperature_c: 300 });
  convert();
  assert.equal(celsius(), 125, 'it ends there');
});

test('ds18b20: a conversion takes up to 750 ms at 12 bits and 1 mA, a coarser one less; until then slots read 0', () => {
  const part = thermometer({ temperature_c: 25.0625 });
  convert(370e3);
  assert.equal(readBit(), 0);
  assert.deepEqual(host.currents.at(-1), { part: 'ds18b20', state: 'converting', microamps: 1000, ns: host.currents.at(-1).ns });
  assert.equal(celsius(), 85, 'the old value');
  world.pass(380e3);
  assert.equal(celsius(), 25.0625);
  assert.equal(host.currents.at(-1).microamps, 0.75);
  reset();
  write(SKIP, WRITE, 1, 2, 0x1f);
  convert(94e3);
  assert.equal(celsius(), 25, 'halves');
  assert.equal(part.ledger().conversions, 2);
});

test('ds18b20: a supply that gives way when it converts, and one that was off, leave +85 and the alarms of the EEPROM', () => {
  const part = thermometer({ temperature_c: 5 }, { pin: PIN, power: 8 });
  assert.equal(reset(), false, 'not switched on');
  host.put(8, 1);
  reset();
  write(SKIP, WRITE, 0xa5, 0x5a, 0x7f);
  part.set({ brown: true });
  convert();
  reset();
  write(SKIP, READ);
  assert.deepEqual(read(5), [0x50, 0x05, 0x4b, 0x46, 0x7f]);
  part.set({ brown: false });
  convert();
  assert.equal(celsius(), 5);
  host.put(8, 0);
  assert.equal(host.currents.at(-1).microamps, 0);
  host.put(8, 1);
  assert.equal(celsius(), 85);
});

test('ds18b20: unplugged it is silent and forgets, with the line shorted everything reads 0, then it is back', () => {
  const part = thermometer({ temperature_c: 5 });
  convert();
  part.set({ absent: true });
  assert.equal(reset(), false);
  part.set({ absent: false });
  assert.equal(celsius(), 85);
  part.set({ line_low: true });
  assert.equal(reset(), true, 'as if somebody were there');
  assert.deepEqual(read(2), [0, 0]);
  part.set({ line_low: false });
  convert();
  assert.equal(celsius(), 5);
});

test('ds18b20: bit errors break the CRC, drift adds, stuck repeats, noise spreads', () => {
  const part = thermometer({ temperature_c: 5, bit_errors: 0.05 });
  convert();
  reset();
  write(SKIP, READ);
  assert.notEqual(crc8(read(9)), 0);
  part.set({ bit_errors: 0, drift_c: 2 });
  convert();
  assert.equal(celsius(), 7);
  part.set({ stuck: true, temperature_c: 30 });
  convert();
  assert.equal(celsius(), 7);
  part.set({ stuck: false, noise: 20 });
  const seen = Array.from({ length: 8 }, () => (convert(), celsius()));
  assert.ok(new Set(seen).size > 4);
});

test('ds18b20: a search finds its ROM; slots and commands that it has not are refused', () => {
  const part = thermometer();
  reset();
  write(SEARCH);
  const bits = Array.from({ length: 64 }, () => {
    const [bit, complement] = [readBit(), readBit()];
    assert.equal(bit + complement, 1);
    writeBit(bit);
    return bit;
  });
  const rom = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => bits.slice(8 * i, 8 * i + 8).reduce((sum, b, n) => sum | (b << n), 0));
  assert.deepEqual(rom, part.device.rom);
  reset();
  low(40);
  low(300);
  write(0x99);
  assert.equal(host.refused.length, 3);
  assert.match(host.refused.join(), /40 us: neither.*300 us: too long.*command/);
});
