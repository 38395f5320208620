import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { VL53L1X } from '../../bench/sim/parts/vl53l1x.mjs';
import { Host, World } from './world.mjs';

// STSW-IMG009's configuration, by its first registers and those that are not 0; 0x86 and 0x87 stopped.
const CONFIG = new Uint8Array(0x88 - 0x2d);
for (const [register, ...bytes] of [
  [0x30, 0x01, 0x02, 0x00, 0x02, 0x08, 0x00, 0x08, 0x10, 0x01, 0x01], [0x3e, 0xff, 0x00, 0x0f], [0x46, 0x20, 0x0b],
  [0x4a, 0x02, 0x0a, 0x21], [0x4f, 0x05], [0x54, 0xc8], [0x57, 0x38, 0xff, 0x01, 0x00, 0x08],
  [0x5e, 0x01, 0xcc, 0x0f, 0x01, 0xf1, 0x0d, 0x01, 0x68, 0x00, 0x80, 0x08, 0xb8], [0x6e, 0x0f, 0x89],
  [0x77, 0x01, 0x0f, 0x0d, 0x0e, 0x0e], [0x7e, 0x02, 0xc7, 0xff, 0x9b], [0x85, 0x01],
]) CONFIG.set(bytes, register - 0x2d); // prettier-ignore

let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

function ranger(options) {
  const part = new VL53L1X(host, { i2c: 0 }, options);
  part.reset();
  world.pass(1300);
  return part;
}

const write = (register, ...bytes) => {
  const slave = host.slaves.get(0x29);
  if (slave.start(true) === false) return false;
  for (const byte of [register >> 8, register & 255, ...bytes]) slave.write(byte);
  slave.stop();
  return true;
};
const read = (register, count = 1) => {
  const slave = host.slaves.get(0x29);
  if (!write(register)) return null;
  slave.start(false);
  const bytes = Array.from({ length: count }, () => slave.read());
  slave.stop();
  return count === 1 ? bytes[0] : bytes;
};
const result = () => {
  const bytes = read(0x89, 15);
  return { status: bytes[0] & 0x1f, mm: (bytes[13] << 8) | bytes[14] };
};
const go = () => {
  write(0x2d, ...CONFIG);
  write(0x87, 0x40);
};

test('vl53l1x: it answers 1.2 ms after power, says that it booted and what it is', () => {
  const part = new VL53L1X(host, { i2c: 0 });
  assert.equal(read(0xe5), null);
  part.reset();
  world.pass(1100);
  assert.equal(read(0xe5), null);
  world.pass(200);
  assert.equal(read(0xe5), 3);
  assert.deepEqual(read(0x10f, 2), [0xea, 0xcc]);
  part.set({ absent: true });
  assert.equal(read(0xe5), null);
  assert.deepEqual(host.refused, []);
});

test('vl53l1x: a result each timing budget of 100 ms, within some mm, ready until it is cleared', () => {
  const part = ranger({ distance_mm: 812 });
  go();
  world.pass(99e3);
  assert.equal(read(0x31) & 1, 0);
  world.pass(1.1e3);
  assert.equal(read(0x31) & 1, 1);
  const first = result();
  assert.equal(first.status, 9);
  assert.ok(Math.abs(first.mm - 812) < 10);
  part.set({ distance_mm: 300 });
  world.pass(150e3);
  assert.deepEqual(result(), first, 'not cleared: the next one is kept out');
  write(0x86, 0x01);
  assert.equal(read(0x31) & 1, 0);
  world.pass(100e3);
  assert.ok(Math.abs(result().mm - 300) < 10);
  write(0x87, 0x00);
  const { rangings } = part.ledger();
  world.pass(1e6);
  assert.equal(part.ledger().rangings, rangings);
  assert.deepEqual(host.refused, []);
});

test('vl53l1x: another budget takes its time, an active low interrupt is low', () => {
  ranger();
  write(0x2d, ...CONFIG);
  write(0x5e, 0x00, 0xad);
  write(0x30, 0x11);
  write(0x86, 0x01);
  assert.equal(read(0x31) & 1, 1);
  write(0x87, 0x40);
  world.pass(51e3);
  assert.equal(read(0x31) & 1, 0);
  assert.deepEqual(host.refused, []);
});

test('vl53l1x: out of range there is no signal; stuck repeats; an obstacle takes part of the rangings', () => {
  const part = ranger({ distance_mm: 5000 });
  go();
  const next = () => {
    write(0x86, 0x01);
    world.pass(100e3);
    return result();
  };
  assert.equal(next().status, 4);
  part.set({ distance_mm: 20 });
  assert.equal(next().status, 4);
  part.set({ distance_mm: null });
  assert.equal(next().status, 4);
  part.set({ distance_mm: 700, obstructed_mm: 100 });
  const near = Array.from({ length: 40 }, () => next().mm < 150).filter(Boolean).length;
  assert.ok(near > 8 && near < 26, `${near} of 40`);
  part.set({ obstructed_mm: null });
  const { mm } = next();
  part.set({ stuck: true, distance_mm: 300 });
  assert.equal(next().mm, mm);
  assert.deepEqual(host.refused, []);
});

test('vl53l1x: it draws 16 mA while it ranges, 6 uA in standby', () => {
  const part = ranger();
  go();
  write(0x87, 0x00);
  part.off();
  assert.deepEqual(host.currents.map(({ state, microamps }) => [state, microamps]), [
    ['standby', 6], ['standby', 6], ['ranging', 16000], ['standby', 6], ['off', 0],
  ]); // prettier-ignore
});

test('vl53l1x: power takes its configuration', () => {
  const part = ranger();
  go();
  part.off();
  world.pass(1e6);
  part.reset();
  world.pass(1300);
  write(0x87, 0x40);
  assert.deepEqual(host.refused, ['VL53L1X: it is started before 0x2d was configured']);
  assert.equal(part.ledger().ranging, false);
});

test('vl53l1x: what ST\'s driver never does is refused', () => {
  const refusedBy = (step) => {
    host.refused.length = 0;
    step();
    return host.refused[0];
  };
  ranger();
  assert.match(refusedBy(() => read(0x89)), /read before there is one/);
  assert.match(refusedBy(() => write(0x01, 0x30)), /0x1 is not written/);
  assert.match(refusedBy(() => write(0x10f, 0)), /0x10f is not written/);
  assert.match(refusedBy(() => read(0x111)), /0x111 is not read/);
  assert.match(
    refusedBy(() => {
      const slave = host.slaves.get(0x29);
      slave.start(true);
      slave.write(0x31);
      slave.start(false);
    }),
    /index of two bytes/,
  );
  assert.match(refusedBy(() => write(0x87, 0x21)), /mode 0x21/);
  write(0x2d, ...CONFIG);
  write(0x54, 0xc9);
  assert.match(refusedBy(() => write(0x87, 0x40)), /0x54 is 0xc9, ST's table has 0xc8/);
  write(0x54, 0xc8);
  write(0x5e, 0, 0);
  assert.match(refusedBy(() => write(0x87, 0x40)), /0x5e is none of the timing budgets/);
  write(0x5e, 0x01, 0xcc);
  assert.equal(refusedBy(() => write(0x87, 0x40)), undefined);
  assert.match(refusedBy(() => write(0x5e, 0)), /0x5e is written while it ranges/);
  assert.throws(() => new VL53L1X(host, { i2c: 0, addr: 0x30 }), /it boots at 0x29/);
});
