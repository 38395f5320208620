import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { QMC5883L } from '../../bench/sim/parts/qmc5883l.mjs';
import { RM3100 } from '../../bench/sim/parts/rm3100.mjs';
import { Registers } from './registers.mjs';
import { Host, World } from './world.mjs';

let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

const signed = (value, bits) => (value >= 2 ** (bits - 1) ? value - 2 ** bits : value);

function made(Part, address, options = {}, wiring = { i2c: 0, sda: 4, scl: 5 }) {
  const part = new Part(host, wiring, options);
  part.reset();
  world.pass(400);
  return { part, chip: new Registers(host, address) };
}

// --- RM3100 ----------------------------------------------------------------------------------------------------------

const rm3100 = (options, wiring) => made(RM3100, 0x20, options, wiring);

/** Polls, waits, and gives the counts of X, Y, Z; null before they are ready. */
function polled(chip, us = 6800) {
  chip.write(0x00, 0x70);
  world.pass(us);
  if (chip.read(0x34) !== 0x80) return null;
  const raw = chip.read(0x24, 9);
  return [0, 3, 6].map((at) => signed((raw[at] << 16) | (raw[at + 1] << 8) | raw[at + 2], 24));
}

test('rm3100: 75 counts a uT at a cycle count of 200, within 6.8 ms and its noise of 15 nT', () => {
  const { chip } = rm3100({ x_nt: 20000, y_nt: -45000, z_nt: 0 });
  assert.equal(chip.read(0x36), 0x22);
  assert.equal(polled(chip, 6700), null);
  assert.deepEqual(
    polled(chip).map((counts) => Math.round(counts / 75) + 0),
    [20, -45, 0],
  );
  const zs = Array.from({ length: 500 }, () => (polled(chip)[2] * 1000) / 75);
  const rms = Math.sqrt(zs.reduce((sum, nt) => sum + nt * nt, 0) / zs.length);
  assert.ok(rms > 12 && rms < 19, `${rms}`);
});

test('rm3100: a cycle count of 50 is faster, coarser and noisier', () => {
  const { chip } = rm3100({ x_nt: 100000, noise: 0 });
  chip.write(0x04, 0, 50, 0, 50, 0, 50);
  assert.equal(polled(chip, 1900)[0], 2000);
});

test('rm3100: a measurement costs the charge of the manual, then it idles at 1 uA', () => {
  const { chip } = rm3100();
  polled(chip);
  const [on, off] = host.currents.slice(-2);
  assert.ok(Math.abs(((off.ns - on.ns) / 1e9) * on.microamps - 32.5) < 0.5);
  assert.equal(off.microamps, 1);
});

test('rm3100: wrong use is refused: another axis, an early result, another cycle count, another address', () => {
  const { chip } = rm3100();
  chip.write(0x00, 0x10);
  chip.read(0x24, 9);
  chip.write(0x04, 0, 60, 0, 60, 0, 60);
  assert.match(host.refused.join(), /POLL 0x10.*before it is ready.*cycle count 60/);
  assert.throws(() => rm3100({}, { i2c: 0, addr: 0x30 }), /rm3100 at address 48: its pins give 0x20 or 0x21/);
});

// --- QMC5883L --------------------------------------------------------------------------------------------------------

const qmc = (options, wiring) => made(QMC5883L, 0x0d, options, wiring);

function counts(chip) {
  const raw = chip.read(0x00, 6);
  return [0, 2, 4].map((at) => signed(raw[at] | (raw[at + 1] << 8), 16));
}

function running(options) {
  const found = qmc(options);
  found.chip.write(0x0b, 0x01);
  found.chip.write(0x09, 0x1d);
  world.pass(5100);
  return found;
}

test('qmc5883l: 3000 counts a gauss at 8 G, a result each 5 ms, in standby none', () => {
  const { part, chip } = running({ x_nt: 100000, y_nt: -50000, z_nt: 0, noise: 0 });
  assert.equal(chip.read(0x06), 1);
  assert.deepEqual(counts(chip), [3000, -1500, 0]);
  assert.equal(chip.read(0x06), 0, 'read: not ready any more');
  world.pass(10e3);
  assert.equal(chip.read(0x06), 5, 'one was skipped');
  assert.equal(host.currents.at(-1).microamps, 250);
  chip.write(0x09, 0x00);
  const { measurements } = part.ledger();
  world.pass(1e6);
  assert.equal(part.ledger().measurements, measurements);
  assert.equal(host.currents.at(-1).microamps, 3);
});

test('qmc5883l: beyond its range it says so', () => {
  const { chip } = running({ x_nt: 1.2e6 });
  assert.equal(chip.read(0x06) & 2, 2);
});

test('qmc5883l: a reset clears result and registers; a start without its period is refused', () => {
  const { chip } = running({ x_nt: 100000 });
  chip.write(0x0a, 0x80);
  assert.deepEqual([chip.read(0x06), counts(chip)], [0, [0, 0, 0]]);
  chip.write(0x09, 0x1d);
  assert.match(host.refused[0], /set and reset period/);
});

// --- both: what happens in a field -------------------------------------------------------------------------------------

for (const [name, open] of [
  ['rm3100', rm3100],
  ['qmc5883l', qmc],
]) {
  test(`${name}: unplugged or browned out it does not acknowledge, and starts anew after it`, () => {
    const { part, chip } = open();
    const [register, value] = name === 'rm3100' ? [0x05, 50] : [0x09, 0x01];
    for (const fault of ['absent', 'brown']) {
      chip.write(0x0b, 0x01);
      chip.write(register, value);
      assert.equal(chip.read(register), value);
      part.set({ [fault]: true });
      assert.equal(chip.read(register), null, fault);
      part.set({ [fault]: false });
      world.pass(400);
      assert.notEqual(chip.read(register), value, fault);
      host.refused.length = 0;
    }
  });

  test(`${name}: with SDA held it answers nothing until SCL rose often enough`, () => {
    const { part, chip } = open();
    part.set({ sda_held: 3 });
    assert.equal(host.level(4), 0);
    assert.equal(chip.read(0x00), null);
    for (let clocks = 0; clocks < 3; clocks++) {
      host.put(5, 0);
      host.put(5, 1);
    }
    assert.notEqual(chip.read(0x0b), null);
  });

  test(`${name}: without its switched supply it draws nothing and is silent`, () => {
    const { part, chip } = open({}, { i2c: 0, sda: 4, scl: 5, power: 8 });
    assert.equal(chip.read(0x00), null);
    host.put(8, 1);
    world.pass(400);
    assert.notEqual(chip.read(0x0b), null);
    host.put(8, 0);
    assert.equal(host.currents.at(-1).microamps, 0);
    part.off();
  });
}

test('rm3100 and qmc5883l: drift follows the temperature, stuck repeats to the last digit', () => {
  const { part, chip } = rm3100({ x_nt: 0, noise: 0, temperature_c: 60, drift_nt_per_c: 50 });
  assert.equal(polled(chip)[0], 150);
  part.set({ stuck: true, x_nt: 9000, noise: 1 });
  assert.equal(polled(chip)[0], 150);
});
