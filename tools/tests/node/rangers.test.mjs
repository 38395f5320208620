import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { soundSpeed } from '../../bench/sim/echo.mjs';
import { HRXL_WR } from '../../bench/sim/parts/hrxl_wr.mjs';
import { HRXL_WR_PWM } from '../../bench/sim/parts/hrxl_wr_pwm.mjs';
import { JSN_SR04T } from '../../bench/sim/parts/jsn_sr04t.mjs';
import { Host, World } from './world.mjs';

let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

// --- JSN-SR04T -------------------------------------------------------------------------------------------------------

function jsn(options = {}, wiring = { uart: 0, tx: 0, rx: 1 }) {
  const part = new JSN_SR04T(host, wiring, options);
  part.reset();
  host.listenOnUart(true);
  return part;
}

/** Answers to so many triggers 100 ms apart: distances of the frames whose sum is right. */
function asked(count = 7) {
  host.received.length = 0;
  for (let i = 0; i < count; i++) {
    host.toPart(0x55);
    world.pass(100e3);
  }
  const whole = host.received.filter(({ bytes: [head, high, low, sum] }) => head === 0xff && sum === ((0xff + high + low) & 255));
  return whole.map(({ bytes }) => (bytes[1] << 8) | bytes[2]);
}

test('jsn_sr04t: it answers 0x55 alone, with a frame after there and back; in mode 2 it sends each 100 ms', () => {
  jsn({ distance_mm: 1700, noise: 0 });
  assert.deepEqual(asked(2), [1700, 1700]);
  host.received.length = 0;
  const start = world.ns;
  host.toPart(0x55);
  world.pass(1e6);
  assert.equal(host.received.length, 1);
  assert.equal(Math.round((host.received[0].ns - start) / 1e6), 10);
  host.toPart(0x11);
  assert.match(host.refused[0], /takes 0x55 alone, not 0x11/);
  host = new Host(world);
  jsn({ mode: 2, distance_mm: 812 });
  world.pass(10e6);
  assert.ok(host.received.length > 95);
  assert.throws(() => jsn({ mode: 1 }), /mode 1: 2 sends by itself/);
});

test('jsn_sr04t: 30 mA while it ranges, 5 at rest, none when switched off; then it starts anew', () => {
  const part = jsn({ distance_mm: 1700 }, { uart: 0, tx: 0, rx: 1, power: 8 });
  assert.equal(host.currents.at(-1).microamps, 0);
  host.put(8, 1);
  assert.equal(host.currents.at(-1).microamps, 5000);
  assert.deepEqual(asked(3), [], 'it is not ready');
  world.pass(100e3);
  assert.equal(asked(1).length, 1);
  assert.deepEqual(host.currents.slice(-2).map(({ microamps }) => microamps), [30000, 5000]);
  host.put(8, 0);
  assert.equal(part.supply.on, false);
  assert.deepEqual(asked(1), []);
});

test('jsn_sr04t: in mode 2 it starts anew after its supply was gone for an instant, with one frame each 100 ms', () => {
  jsn({ mode: 2, distance_mm: 1700 }, { uart: 0, tx: 0, rx: 1, power: 8 });
  host.put(8, 1);
  world.pass(1e6);
  host.put(8, 0);
  world.pass(50e3);
  host.received.length = 0;
  host.put(8, 1);
  world.pass(300e3);
  assert.deepEqual(host.received, [], 'it is not ready');
  world.pass(1e6);
  assert.equal(host.received.length, 10);
});

test('jsn_sr04t: warm air makes distances short, cold long', () => {
  const part = jsn({ distance_mm: 1000, noise: 0, air_c: 35 });
  assert.equal(asked(1)[0], Math.round((1000 * 340) / soundSpeed(35)));
  part.set({ air_c: -20 });
  assert.equal(asked(1)[0], Math.round((1000 * 340) / soundSpeed(-20)));
});

test('jsn_sr04t: rain, lost echoes, noise, an obstacle, the blind zone, damage on the line, a bad supply, no plug, stuck', () => {
  const part = jsn({ distance_mm: 1000 });
  const seen = (values) => {
    part.set({ rain: 0, echo_loss: 0, noise: 1, obstructed_mm: null, garbled: 0, distance_mm: 1000, ...values });
    return asked(60);
  };
  assert.ok(Math.abs(median(seen({ rain: 0.3 })) - 1000) < 10);
  const wet = seen({ rain: 0.3 }).filter((mm) => mm < 950).length;
  assert.ok(wet > 8 && wet < 30, `${wet}`);
  const lost = seen({ echo_loss: 0.4 }).filter((mm) => mm === 0).length;
  assert.ok(lost > 12 && lost < 36, `${lost}`);
  assert.ok(Math.max(...seen({ noise: 20 })) - 1000 > 60);
  assert.ok(seen({ obstructed_mm: 400 }).some((mm) => Math.abs(mm - 400) < 15));
  assert.ok(seen({ distance_mm: 100 }).every((mm) => mm < 250));
  assert.ok(seen({ garbled: 1 }).length < 20);
  assert.deepEqual(seen({ distance_mm: null }), Array(60).fill(0));
  part.set({ brown: true });
  assert.deepEqual(asked(), []);
  part.set({ brown: false, absent: true });
  assert.deepEqual(asked(), []);
  part.set({ absent: false, distance_mm: 700 });
  const [first] = asked(1);
  part.set({ stuck: true, distance_mm: 900 });
  assert.deepEqual(new Set(asked()), new Set([first]));
  assert.throws(() => part.set({ fog: 1 }), /jsn_sr04t has no "fog"/);
});

// --- HRXL-MaxSonar-WR ------------------------------------------------------------------------------------------------

const texts = () => Buffer.from(host.received.flatMap(({ bytes }) => bytes)).toString('latin1');

test('hrxl_wr: a line R and four digits each 133 ms, after a header; 300 when nearer, 5000 when nothing is there', () => {
  const part = new HRXL_WR(host, { uart: 0, tx: 0, rx: 1, power: 8 }, { distance_mm: 812, noise: 0 });
  part.reset();
  host.listenOnUart(true);
  world.pass(1e6);
  assert.equal(texts(), '');
  host.put(8, 1);
  world.pass(50e3 + 133e3 * 3 + 1e3);
  assert.equal(texts(), 'HRXL-MaxSonar-WR\rR0812\rR0812\rR0812\r');
  assert.equal(host.currents.at(-1).microamps, 2300);
  for (const [distance_mm, text] of [[120, 'R0300\r'], [null, 'R5000\r'], [7000, 'R5000\r']]) {
    host.received.length = 0;
    part.set({ distance_mm, air_c: 40 });
    world.pass(133e3);
    assert.equal(texts(), text);
  }
  part.set({ distance_mm: 812 });
  host.received.length = 0;
  world.pass(133e3);
  assert.equal(texts(), 'R0812\r', 'it knows the temperature');
});

test('hrxl_wr: unplugged or with a bad supply it is silent; damage shows in the lines', () => {
  const part = new HRXL_WR(host, { uart: 0, tx: 0, rx: 1 }, { distance_mm: 812, noise: 0, absent: true });
  part.reset();
  host.listenOnUart(true);
  world.pass(1e6);
  part.set({ absent: false, brown: true });
  world.pass(1e6);
  assert.equal(texts(), '');
  part.set({ brown: false, garbled: 1 });
  world.pass(2e6);
  assert.ok(!texts().includes('R0812\r'));
});

test('hrxl_wr_pwm: high for 1 us a mm in each cycle; a short stays high', () => {
  const part = new HRXL_WR_PWM(host, { pin: 7 }, { distance_mm: 812, noise: 0 });
  const edges = [];
  host.pin(7).onChange((level, ns) => edges.push([level, ns / 1e3]));
  part.reset();
  world.pass(50e3 + 2 * 133e3 + 5e3);
  assert.deepEqual(edges.map(([, us], i) => (i % 2 ? us - edges[i - 1][1] : us)), [183e3, 812, 316e3, 812]);
  part.set({ line_high: true });
  world.pass(1e6);
  assert.equal(host.level(7), 1);
  part.set({ line_high: false });
  part.off();
  assert.equal(host.level(7), 0);
  assert.equal(world.alarms.length, 0);
});
