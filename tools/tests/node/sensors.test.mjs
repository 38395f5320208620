import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { A02YYUW } from '../../bench/sim/parts/a02yyuw.mjs';
import { AM312 } from '../../bench/sim/parts/am312.mjs';
import { BH1750 } from '../../bench/sim/parts/bh1750.mjs';
import { Lamp } from '../../bench/sim/parts/lamp.mjs';
import { Surroundings } from '../../bench/sim/surroundings.mjs';
import { Host, World } from './world.mjs';

let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

// --- A02YYUW ---------------------------------------------------------------------------------------------------------

function ranger(options) {
  const part = new A02YYUW(host, { uart: 0, tx: 0, rx: 1 }, options);
  host.put(0, 1);
  part.reset();
  host.listenOnUart(true);
  return part;
}

/** Whole frames as distances; asserts their form. */
function distances() {
  const whole = host.received.filter(({ bytes }) => bytes.length === 4);
  return whole.map(({ bytes: [head, high, low, sum] }) => {
    assert.deepEqual([head, sum], [0xff, (0xff + high + low) & 255]);
    return (high << 8) | low;
  });
}

test('a02yyuw: frames of a few mm of noise, every 100 to 300 ms at 9600 baud', () => {
  ranger({ distance_mm: 812 });
  world.run(60e6);
  const seen = distances();
  assert.ok(seen.length > 250 && seen.length < 400, `${seen.length}`);
  assert.ok(seen.every((mm) => Math.abs(mm - 812) < 8) && new Set(seen).size > 3);
  assert.ok(Math.abs(seen.reduce((a, b) => a + b) / seen.length - 812) < 0.5);
  assert.equal(host.received[0].baud, 9600);
  const gaps = host.received.slice(2).map(({ ns }, i) => ns - host.received[i + 1].ns);
  assert.ok(Math.min(...gaps) >= 100e6 && Math.max(...gaps) <= 300e6 && Math.max(...gaps) > 250e6);
});

test('a02yyuw: a low RX pin means real time, every 100 ms', () => {
  ranger({ distance_mm: 812 });
  host.put(0, 0);
  world.run(10e6);
  assert.ok(host.received.length >= 97);
});

test('a02yyuw: follows a schedule of world time', () => {
  ranger({
    distance_mm: [
      [0, 1000],
      [5e6, 500],
      [10e6, null],
    ],
  });
  world.run(15e6);
  const seen = distances();
  assert.ok(Math.abs(seen[5] - 1000) < 10 && seen.at(-1) === 0);
  assert.ok(seen.some((mm) => Math.abs(mm - 500) < 10));
});

test('a step of a schedule holds from its very instant', () => {
  const around = new Surroundings('x', { value: 1 });
  around.set({
    value: [
      [10, 'a'],
      [20, 'b'],
    ],
  });
  assert.deepEqual(
    [9999, 10000, 19999, 20000].map((ns) => around.get('value', ns)),
    [null, 'a', 'a', 'b'],
  );
});

test('a02yyuw: out of range says 0, in the blind zone nonsense below 30', () => {
  const part = ranger({ distance_mm: 6000 });
  world.run(2e6);
  assert.deepEqual([...new Set(distances())], [0]);
  host.received.length = 0;
  part.set({ distance_mm: 12 });
  world.run(6e6);
  assert.ok(distances().every((mm) => mm < 30));
});

test('a02yyuw: absent is silent, stuck repeats, an obstacle takes part of the pings', () => {
  const part = ranger({ distance_mm: 812 });
  world.run(2e6);
  part.set({ stuck: true });
  host.received.length = 0;
  world.run(6e6);
  assert.equal(new Set(distances()).size, 1);
  part.set({ stuck: false, obstructed_mm: 140 });
  host.received.length = 0;
  world.run(20e6);
  const near = distances().filter((mm) => mm < 200).length / distances().length;
  assert.ok(near > 0.2 && near < 0.6, `${near}`);
  part.set({ absent: true });
  host.received.length = 0;
  world.run(26e6);
  assert.deepEqual(host.received, []);
});

test('a02yyuw: a closed port or no power costs no alarm; opening inside a frame gives its tail', () => {
  const part = ranger({});
  host.listenOnUart(false);
  world.pass(1e6);
  assert.equal(world.alarms.length, 0);
  for (let i = 0; i < 100; i++) host.listenOnUart(true);
  const tails = host.received.filter(({ bytes }) => bytes.length < 4);
  assert.ok(tails.length > 0 && tails.every(({ bytes }) => bytes.length > 0));
  part.off();
  assert.equal(world.alarms.length, 0);
});

test('a02yyuw: a switched supply: silent and without current until its pin is high, then half a second', () => {
  const part = new A02YYUW(host, { uart: 0, tx: 0, rx: 1, power: 8 }, {});
  host.put(0, 1);
  part.reset();
  host.listenOnUart(true);
  world.pass(2e6);
  assert.equal(host.received.length, 0);
  assert.equal(host.currents.at(-1).microamps, 0);
  host.put(8, 1);
  assert.equal(host.currents.at(-1).microamps, 8000);
  world.pass(0.49e6);
  assert.equal(host.received.length, 0);
  world.pass(2e6);
  assert.ok(distances().length >= 6);
  host.put(8, 0);
  assert.equal(host.currents.at(-1).microamps, 0);
  assert.equal(world.alarms.length, 0);
  part.off();
});

test('a02yyuw: bytes sent to it are refused', () => {
  ranger({});
  host.toPart(0x55);
  assert.match(host.refused[0], /takes no data/);
});

test('a02yyuw: unknown values are refused by name, times that go back too', () => {
  assert.throws(() => ranger({ distance: 3 }), /a02yyuw has no "distance"/);
  assert.throws(
    () =>
      ranger({
        distance_mm: [
          [5, 1],
          [3, 1],
        ],
      }),
    /go back/,
  );
});

// --- BH1750 ----------------------------------------------------------------------------------------------------------

function light(options, wiring = { i2c: 0, addr: 0x23 }) {
  const part = new BH1750(host, wiring, options);
  part.reset();
  return part;
}

const command = (byte) => {
  const slave = host.slaves.get(0x23);
  if (slave.start(true) === false) return false;
  const ack = slave.write(byte);
  slave.stop();
  return ack;
};
const raw = () => {
  const slave = host.slaves.get(0x23);
  slave.start(false);
  const value = (slave.read() << 8) | slave.read();
  slave.stop();
  return value;
};

test('bh1750: a one-shot reads counts of lux times 1.2 after its time, and powers down', () => {
  const part = light({ lux: 1000 });
  assert.equal(command(0x20), true);
  world.pass(119e3);
  assert.equal(raw(), 0, 'too early: the old value');
  world.pass(61e3);
  assert.equal(raw(), 1200);
  assert.equal(part.ledger().on, false);
  assert.equal(world.alarms.length, 0);
});

test('bh1750: continuous mode measures again and again until power down', () => {
  const part = light({
    lux: [
      [0, 10],
      [1e6, 20],
    ],
  });
  command(0x10);
  world.run(0.5e6);
  assert.equal(raw(), 12);
  world.run(1.5e6);
  assert.equal(raw(), 24);
  command(0x00);
  const { measurements } = part.ledger();
  world.run(3e6);
  assert.equal(part.ledger().measurements, measurements);
});

test('bh1750: half-lux mode counts double, low resolution in fours within 24 ms', () => {
  light({ lux: 103 });
  command(0x21);
  world.pass(180e3);
  assert.equal(raw(), 247);
  command(0x23);
  world.pass(24e3);
  assert.equal(raw(), 120);
});

test('bh1750: MTreg scales counts and time; full scale saturates', () => {
  light({ lux: 100000 });
  command(0x20);
  world.pass(180e3);
  assert.equal(raw(), 65535);
  command(0x40);
  command(0x60 | 31);
  command(0x20);
  world.pass(53e3);
  assert.equal(raw(), 65535);
  world.pass(28e3);
  assert.equal(raw(), Math.floor((100000 * 1.2 * 31) / 69));
});

test('bh1750: reset clears the data, and is refused when powered down', () => {
  light({ lux: 50 });
  command(0x10);
  world.pass(200e3);
  command(0x07);
  assert.equal(raw(), 0);
  command(0x00);
  command(0x07);
  assert.match(host.refused[0], /only when powered on/);
});

test('bh1750: an unknown opcode, two in one transfer, MTreg out of range are refused', () => {
  light({});
  command(0x55);
  const slave = host.slaves.get(0x23);
  slave.start(true);
  slave.write(0x01);
  slave.write(0x10);
  command(0x40);
  command(0x60 | 5);
  assert.equal(host.refused.length, 3);
  assert.match(host.refused.join(), /no opcode 0x55.*one opcode a transfer.*MTreg 31 to 254, not 5/);
});

test('bh1750: absent or without power it does not acknowledge', () => {
  const part = light({});
  part.set({ absent: true });
  assert.equal(command(0x20), false);
  part.set({ absent: false });
  assert.equal(command(0x20), true);
  part.off();
  assert.equal(command(0x20), false);
});

test('bh1750: an address its ADDR pin cannot give is refused', () => {
  assert.throws(() => light({}, { i2c: 0, addr: 0x24 }), /0x23 or 0x5C/);
});

// --- AM312 -----------------------------------------------------------------------------------------------------------

function pir(options = { warm: true }) {
  const edges = [];
  const part = new AM312(host, { pin: 7 }, options);
  host.pin(7).onChange((level, ns) => edges.push([level, ns / 1e6]));
  part.reset();
  return { part, edges };
}

test('am312: a motion holds the output for 2.3 s, another one longer', () => {
  const { part, edges } = pir();
  part.set({ motion: true });
  world.run(2e6);
  part.set({ motion: true });
  world.run(10e6);
  assert.deepEqual(edges, [
    [1, 0],
    [0, 4300],
  ]);
  assert.deepEqual(part.ledger(), { motions: 2, pulses: 1, high: false });
});

test('am312: passages of a schedule, one alarm at a time', () => {
  const { part, edges } = pir({
    warm: true,
    motion: [
      [1e6, true],
      [2e6, true],
      [60e6, true],
    ],
  });
  assert.equal(world.alarms.length, 1);
  world.run(100e6);
  assert.deepEqual(
    edges.map(([level]) => level),
    [1, 0, 1, 0],
  );
  assert.equal(part.ledger().motions, 3);
  assert.equal(world.alarms.length, 0);
});

test('am312: while it warms up it is restless and sees nobody', () => {
  const { part, edges } = pir({});
  world.run(15e6);
  assert.equal(edges.length, 4);
  part.set({ motion: true });
  assert.equal(part.ledger().motions, 0);
  world.run(31e6);
  part.set({ motion: true });
  assert.equal(part.ledger().motions, 1);
});

test('am312: absent floats, off is silent', () => {
  const { part, edges } = pir();
  part.set({ absent: true });
  part.set({ motion: true });
  assert.deepEqual(edges, []);
  part.set({ absent: false });
  part.set({ motion: true });
  part.off();
  assert.equal(host.level(7), 0);
  world.run(10e6);
  assert.equal(edges.length, 2);
});

// --- lamp ------------------------------------------------------------------------------------------------------------

function lamp(options = { rated_w: 40, standby_w: 1 }) {
  const part = new Lamp(host, { pin: 6 }, options);
  part.reset();
  const dim = (duty, hz) => host.wire(6).duty.forEach((fn) => fn(duty, hz, host.now()));
  return { part, dim };
}

test('lamp: energy follows the duty, changes are kept with their instants', () => {
  const { part, dim } = lamp();
  world.run(3600e6);
  dim(0.5, 1000);
  world.run(7200e6);
  dim(1, 0);
  world.run(10800e6);
  const { duty, frequency_hz, energy_wh, full_load_s, changes } = part.ledger();
  assert.equal(changes, 2);
  assert.deepEqual([duty, frequency_hz, Math.round(energy_wh * 100) / 100, full_load_s], [1, 0, 1 + 20.5 + 40, 5400]);
  assert.deepEqual(part.drain(), {
    changes: [
      [3600e9, 0.5, 1000],
      [7200e9, 1, 0],
    ],
  });
  assert.deepEqual(part.drain(), { changes: [] });
});

test('lamp: dimming at a frequency the driver does not take is refused, once', () => {
  const { dim } = lamp();
  dim(0.5, 5000);
  dim(0.4, 5000);
  dim(1, 0);
  dim(0.4, 1000);
  assert.deepEqual(host.refused.length, 1);
  assert.match(host.refused[0], /5000 Hz, its driver takes 100 to 1000 Hz/);
});

test('lamp: without power it is dark and counts nothing', () => {
  const { part, dim } = lamp();
  dim(1, 0);
  part.off();
  world.run(3600e6);
  assert.equal(part.ledger().duty, 0);
  assert.equal(part.ledger().energy_wh, 0);
});
