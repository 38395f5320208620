import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { OPT3001 } from '../../bench/sim/parts/opt3001.mjs';
import { uncorrected, VEML7700 } from '../../bench/sim/parts/veml7700.mjs';
import { Registers } from './registers.mjs';
import { Host, World } from './world.mjs';

let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

function made(Part, address, options = {}, wiring = { i2c: 0, sda: 4, scl: 5 }) {
  const part = new Part(host, wiring, { noise: 0, ...options });
  part.reset();
  return { part, chip: new Registers(host, address) };
}

const near = (value, wanted, share) => assert.ok(Math.abs(value / wanted - 1) <= share, `${value}, wanted ${wanted}`);

// --- OPT3001 ---------------------------------------------------------------------------------------------------------

const opt = (options, wiring) => made(OPT3001, 0x44, options, wiring);

/** A single-shot measurement with automatic range: [configuration, lx]. */
function shot(chip, us = 125e3) {
  chip.write(0x01, 0xc2, 0x10);
  world.pass(us);
  const [high, low] = chip.read(0x01, 2);
  const [first, second] = chip.read(0x00, 2);
  return [(high << 8) | low, (((first & 15) << 8) | second) * 2 ** (first >> 4) * 0.01];
}

test('opt3001: who made it and what it is; it starts shut down, with the configuration of its datasheet', () => {
  const { chip } = opt();
  assert.deepEqual(chip.read(0x7e, 2), [0x54, 0x49]);
  assert.deepEqual(chip.read(0x7f, 2), [0x30, 0x01]);
  assert.deepEqual(chip.read(0x01, 2), [0xc8, 0x10]);
  assert.equal(host.currents.at(-1).microamps, 0.4);
});

test('opt3001: it finds its range, from 0.01 lx to 83 865 lx, and says when there is more', () => {
  const { part, chip } = opt();
  for (const lux of [0.02, 40.9, 41, 2000, 83000]) {
    part.set({ lux });
    const [config, seen] = shot(chip);
    assert.equal(config, 0xc090);
    near(seen, lux, 0.001);
  }
  part.set({ lux: 100000 });
  const [config, seen] = shot(chip);
  assert.deepEqual([config, Math.round(seen)], [0xc190, 83866]);
});

test('opt3001: a conversion takes 100 ms and its range 10, within a tenth; ready goes when it is read', () => {
  const { chip } = opt({ lux: 50 });
  assert.equal(shot(chip, 95e3)[0] & 0x80, 0);
  assert.equal(host.currents.at(-1).state, 'measuring');
  world.pass(30e3);
  assert.deepEqual(chip.read(0x01, 2), [0xc0, 0x90]);
  assert.deepEqual(chip.read(0x01, 2), [0xc0, 0x10]);
  assert.equal(host.currents.at(-1).microamps, 0.4);
  assert.equal(world.alarms.length, 0);
});

test('opt3001: a supply that gives way in the middle leaves the configuration of the start', () => {
  const { part, chip } = opt();
  chip.write(0x01, 0xc2, 0x10);
  part.set({ brown: true });
  part.set({ brown: false });
  world.pass(125e3);
  assert.deepEqual(chip.read(0x01, 2), [0xc8, 0x10]);
});

test('opt3001: stuck repeats, warmth drifts by 0.01 % a degree; what it has not is refused', () => {
  const { part, chip } = opt({ lux: 1000 });
  shot(chip);
  part.set({ temperature_c: 65 });
  near(shot(chip)[1], 1004, 0.001);
  part.set({ lux: 5, stuck: true });
  near(shot(chip)[1], 1004, 0.001);
  chip.write(0x01, 0xd2, 0x10);
  chip.read(0x55, 2);
  assert.match(host.refused.join(), /range 13 is reserved.*no register 0x55/);
  assert.throws(() => opt({}, { i2c: 0, addr: 0x48 }), /opt3001 at address 72/);
});

// --- VEML7700 --------------------------------------------------------------------------------------------------------

const veml = (options, wiring) => {
  const found = made(VEML7700, 0x10, options, wiring);
  world.pass(3e3);
  return found;
};

/** Counts with a configuration, after `us`. */
function counts(chip, config, us = 250e3) {
  chip.write(0x00, (config | 1) & 0xff, config >> 8);
  chip.write(0x00, config & 0xff, config >> 8);
  world.pass(us);
  const [low, high] = chip.read(0x04, 2);
  chip.write(0x00, (config | 1) & 0xff, config >> 8);
  return low | (high << 8);
}

test('veml7700: counts by gain and integration time, 0.0672 lx each at gain 1 and 100 ms', () => {
  const { chip } = veml({ lux: 500 });
  assert.deepEqual(chip.read(0x07, 2), [0x81, 0xc4]);
  near(counts(chip, 0x0000), 500 / 0.0672, 0.001);
  near(counts(chip, 0x0800), 500 / 0.0336, 0.001);
  near(counts(chip, 0x1000), 500 / 0.5376, 0.002);
  near(counts(chip, 0x1300), 500 / 2.1504, 0.005);
  near(counts(chip, 0x00c0, 2e6), 500 / 0.0084, 0.001);
});

test('veml7700: above 1000 lx it counts too few, by the formula of its application note', () => {
  const { part, chip } = veml();
  assert.equal(uncorrected(900), 900);
  near(uncorrected(14793), 10000, 0.001);
  for (const lux of [2000, 10000, 100000]) {
    part.set({ lux });
    const x = counts(chip, 0x1300) * 2.1504;
    assert.ok(x < lux);
    near((((6.0135e-13 * x - 9.3924e-9) * x + 8.1488e-5) * x + 1.0023) * x, lux, 0.003);
  }
  part.set({ lux: 1000 });
  assert.equal(counts(chip, 0x08c0, 2e6), 65535, 'full');
});

test('veml7700: it draws 45 uA while on and 0.5 shut down; the first count takes its start and its time', () => {
  const { chip } = veml({ lux: 100 });
  assert.equal(host.currents.at(-1).microamps, 0.5);
  assert.equal(counts(chip, 0x1000, 102e3), 0);
  assert.equal(host.currents.at(-2).microamps, 45);
  assert.equal(world.alarms.length, 0);
  assert.notEqual(counts(chip, 0x1000, 103e3), 0);
});

test('veml7700: unplugged, without supply or held it does not answer, and it has lost its settings after that', () => {
  const { part, chip } = veml({}, { i2c: 0, sda: 4, scl: 5, power: 8 });
  assert.equal(chip.read(0x07, 2), null);
  host.put(8, 1);
  world.pass(3e3);
  chip.write(0x00, 0x00, 0x10);
  part.set({ absent: true });
  assert.equal(chip.read(0x00, 2), null);
  part.set({ absent: false });
  world.pass(3e3);
  assert.deepEqual(chip.read(0x00, 2), [0x01, 0x00]);
  part.set({ sda_held: 3 });
  assert.equal(chip.read(0x00, 2), null);
});

test('veml7700: gain that changes while it is on, a time that is none, and another address are refused', () => {
  const { chip } = veml();
  chip.write(0x00, 0x00, 0x10);
  chip.write(0x00, 0x00, 0x08);
  chip.write(0x00, 0x41, 0x01);
  assert.match(host.refused.join(), /while it is shut down.*0x141 is none/);
  assert.throws(() => veml({}, { i2c: 0, addr: 0x48 }), /veml7700 at address 72/);
});
