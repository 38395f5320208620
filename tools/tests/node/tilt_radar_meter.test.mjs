import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { BL0942 } from '../../bench/sim/parts/bl0942.mjs';
import { LD2410 } from '../../bench/sim/parts/ld2410.mjs';
import { LIS3DH } from '../../bench/sim/parts/lis3dh.mjs';
import { Host, World } from './world.mjs';

let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

// --- LIS3DH ----------------------------------------------------------------------------------------------------------

const slave = () => host.slaves.get(0x18);

function put(register, ...bytes) {
  if (slave().start(true) === false) return false;
  for (const byte of [register, ...bytes]) slave().write(byte);
  slave().stop();
  return true;
}

function take(register, count) {
  if (put(register) === false) return null;
  slave().start(false);
  return Array.from({ length: count }, () => slave().read());
}

/** mg of X, Y and Z. */
const axes = () => {
  const raw = take(0xa8, 6);
  return [0, 2, 4].map((at) => ((((raw[at + 1] << 8) | raw[at]) << 16) >> 16) >> 4);
};

function tilted(options = {}) {
  const part = new LIS3DH(host, { i2c: 0, pin_b: 9 }, { noise: 0, ...options });
  part.reset();
  world.pass(6e3);
  put(0xa0, 0x2f, 0x02, 0x60, 0x80, 0x0a);
  put(0xb2, 0x2c, 0x01);
  put(0xb0, 0x7f);
  put(0xb6, 0x32, 0x00);
  put(0xb4, 0x2a);
  world.pass(0.3e6);
  return part;
}

test('lis3dh: it has its identity, 16 mg a digit at 10 Hz, and says when a result is new', () => {
  const part = tilted({ tilt_deg: 30 });
  assert.deepEqual(take(0x0f, 1), [0x33]);
  assert.deepEqual(axes(), [496, 0, 864]);
  assert.deepEqual(take(0x27, 1), [0]);
  world.pass(0.1e6);
  assert.deepEqual(take(0x27, 1), [0x0f]);
  assert.equal(host.currents.at(-1).microamps, 3);
  assert.ok(part.ledger().measurements >= 3);
});

test('lis3dh: INT1 rises when it turns to another side or is hit, and falls when its source is read', () => {
  const part = tilted();
  assert.equal(host.level(9), 0);
  part.set({ tilt_deg: 30 });
  world.pass(1e6);
  assert.equal(host.level(9), 0, 'no other side yet');
  part.set({ tilt_deg: 90 });
  world.pass(0.2e6);
  assert.equal(host.level(9), 1);
  assert.deepEqual(take(0x31, 1), [0x40]);
  assert.equal(host.level(9), 0);
  part.set({ hit_mg: 1500 });
  world.pass(0.2e6);
  assert.equal(host.level(9), 1);
  assert.deepEqual([take(0x31, 1), take(0x35, 1)], [[0], [0x40]]);
  assert.equal(host.level(9), 0);
});

test('lis3dh: drift, a dead axis, stuck; after a brown supply it is powered down', () => {
  const part = tilted({ offset_mg: 96 });
  assert.deepEqual(axes(), [96, 96, 1104]);
  part.set({ offset_mg: 0, axis_dead: 'z' });
  world.pass(0.2e6);
  assert.deepEqual(axes(), [0, 0, 0]);
  part.set({ axis_dead: 'none', stuck: true });
  world.pass(0.2e6);
  assert.deepEqual(axes(), [0, 0, 0]);
  part.set({ stuck: false, brown: true });
  assert.equal(take(0x0f, 1), null);
  part.set({ brown: false });
  world.pass(6e3);
  assert.deepEqual(take(0x20, 1), [0x07]);
  world.pass(1e6);
  assert.deepEqual(take(0x27, 1), [0]);
  put(0x20, 0x57);
  assert.match(host.refused[0], /only 10 Hz/);
});

// --- LD2410 ----------------------------------------------------------------------------------------------------------

function radar(options = {}) {
  const part = new LD2410(host, { uart: 0, tx: 0, rx: 1, pin_b: 9 }, options);
  part.reset();
  host.listenOnUart(true);
  world.pass(2e6);
  host.received.length = 0;
  return part;
}

const states = () => host.received.map(({ bytes }) => bytes[8]);

test('ld2410: a report of 23 bytes each 100 ms at 256000 baud, with what moves and what stands', () => {
  const part = radar({ target: 'still', distance_cm: 300 });
  world.pass(1e6);
  assert.equal(host.received.length, 10);
  assert.deepEqual(host.received[0].bytes, [
    0xf4, 0xf3, 0xf2, 0xf1, 13, 0, 2, 0xaa, 2, 0, 0, 0, 44, 1, 55, 44, 1, 0x55, 0, 0xf8, 0xf7, 0xf6, 0xf5,
  ]);
  assert.equal(host.received[0].baud, 256000);
  part.set({ target: 'both' });
  world.pass(0.1e6);
  assert.equal(states().at(-1), 3);
});

test('ld2410: OUT is high while it sees somebody and 5 s longer', () => {
  const part = radar();
  const edges = [];
  host.pin(9).onChange((level, ns) => edges.push([level, Math.round(ns / 1e8)]));
  part.set({ target: 'moving' });
  world.pass(1e6);
  part.set({ target: 'none' });
  world.pass(10e6);
  assert.deepEqual(edges, [[1, 21], [0, 80]]);
});

test('ld2410: unplugged or with a bad supply it is silent; leaves, damage, stuck', () => {
  const part = radar();
  for (const fault of ['absent', 'brown']) {
    part.set({ [fault]: true });
    host.received.length = 0;
    world.pass(1e6);
    assert.equal(host.received.length, 0, fault);
    part.set({ [fault]: false });
  }
  part.set({ false_alarms: 0.3 });
  world.pass(10e6);
  const seen = states().filter((state) => state).length;
  assert.ok(seen > 15 && seen < 50, `${seen}`);
  part.set({ false_alarms: 0, target: 'moving' });
  world.pass(0.2e6);
  part.set({ stuck: true, target: 'none' });
  world.pass(1e6);
  assert.equal(states().at(-1), 1);
  host.toPart(0xfd);
  assert.match(host.refused[0], /configuration is not modelled/);
});

// --- BL0942 ----------------------------------------------------------------------------------------------------------

function meter(options = {}) {
  const part = new BL0942(host, { uart: 0, tx: 0, rx: 1 }, { noise: 0, ...options });
  part.reset();
  host.listenOnUart(true);
  return part;
}

function packet() {
  host.received.length = 0;
  for (const byte of [0x58, 0xaa]) host.toPart(byte);
  world.pass(1e3);
  return host.received[0]?.bytes;
}

const number = (bytes, at) => bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);

test('bl0942: counts a volt, ampere and watt by its resistors; energy since its power came', () => {
  const part = meter({ watts: 100, power_factor: 1 });
  world.pass(3600e6);
  const bytes = packet();
  assert.equal(bytes.length, 23);
  assert.equal(bytes.reduce((sum, one) => sum + one, 0x58) & 255, 255);
  assert.ok(Math.abs(number(bytes, 4) / 230 - 15883.3) < 1);
  assert.ok(Math.abs(number(bytes, 1) / (100 / 230) - 251213) < 10);
  assert.ok(Math.abs(number(bytes, 10) / 100 - 623.4) < 1);
  assert.ok(Math.abs(number(bytes, 13) * 0.18689 - 100) < 0.3, 'Wh');
  part.set({ brown: true });
  assert.equal(packet(), undefined);
  part.set({ brown: false });
  assert.equal(number(packet(), 13), 0);
});

test('bl0942: a reversed shunt, drift, damage, stuck, out; other commands are refused', () => {
  const part = meter({ watts: -40 });
  assert.ok(number(packet(), 10) > 2 ** 23);
  part.set({ watts: 40, drift: 10 });
  assert.ok(Math.abs(number(packet(), 10) / 40 - 686) < 2);
  part.set({ drift: 0, garbled: 1 });
  assert.notEqual(packet().reduce((sum, one) => sum + one, 0x58) & 255, 255);
  part.set({ garbled: 0, stuck: true });
  const held = packet();
  part.set({ watts: 80 });
  assert.deepEqual(packet(), held);
  part.set({ absent: true });
  assert.equal(packet(), undefined);
  host.toPart(0xa8);
  assert.match(host.refused[0], /58 AA alone, 0xa8/);
});
