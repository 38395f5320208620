import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { REGION } from './world.mjs';
import { Air } from '../../bench/sim/air/air.mjs';
import { pathLossDb } from '../../bench/sim/air/propagation.mjs';

const GATEWAY = '0016c001f153a14c';
const UP = {
  from: 'bin',
  position: [200, 0],
  frequency_hz: 868.1e6,
  sf: 7,
  bandwidth_hz: 125000,
  code_rate: 5,
  preamble: 8,
  inverted: false,
  sync: 0x3444,
  crc: true,
  implicit: false,
  power_dbm: 14,
  payload: new Uint8Array(20).fill(9),
};
const DOWN = {
  time_ns: 1e9,
  frequency_hz: 868.1e6,
  sf: 7,
  bandwidth_hz: 125000,
  power_dbm: 14,
  inverted: true,
  payload: new Uint8Array(12),
};
const END_NS = 56.576e6; // 20 bytes at SF7
const SYMBOL_NS = 1.024e6;

let air;
let notices;

beforeEach(() => {
  notices = [];
  air = new Air({ seed: 3, region: REGION, notify: (notice) => notices.push(notice) });
  air.addRadioGateway(GATEWAY, [0, 0]);
});

const send = (more = {}) => air.transmit({ ...UP, at_ns: 0, ...more });
const frames = () => air.heard(1e15);

test('an uplink is heard at its end, once, with all that a radio gateway reports', () => {
  send({ at_ns: 1e9 });
  assert.deepEqual(air.heard(1e9 + END_NS - 1), []);
  const [frame, ...more] = air.heard(1e9 + END_NS);
  assert.deepEqual(more, []);
  assert.deepEqual(frame, {
    gateway_id: GATEWAY,
    end_ns: 1e9 + END_NS,
    frequency_hz: 868.1e6,
    sf: 7,
    bandwidth_hz: 125000,
    code_rate: '4/5',
    rssi_dbm: frame.rssi_dbm,
    snr_db: frame.snr_db,
    channel: 0,
    crc_ok: true,
    from: 'bin',
    payload: UP.payload,
  });
  assert.ok(frame.rssi_dbm < -70 && frame.rssi_dbm > -120 && Number.isInteger(frame.rssi_dbm));
  assert.ok(frame.snr_db <= 14 && Number.isInteger(frame.snr_db * 4));
  assert.deepEqual(frames(), []);
});

test('frames come in order of their end, from several gateways', () => {
  air.addRadioGateway('0016c001f153a14d', [50, 0]);
  send({ at_ns: 1e9, sf: 12, from: 'slow' });
  send({ at_ns: 1.1e9, frequency_hz: 868.3e6 });
  assert.deepEqual(
    frames().map((frame) => frame.from),
    ['bin', 'bin', 'slow', 'slow'],
  );
});

test('what is not an uplink, or on no channel, is not heard', () => {
  send({ inverted: true });
  send({ at_ns: 1e9, sync: 0x1424 });
  send({ at_ns: 2e9, frequency_hz: 868.2e6 });
  send({ at_ns: 3e9, bandwidth_hz: 500000 });
  assert.deepEqual(frames(), []);
  send({ at_ns: 4e9, frequency_hz: 868.3e6, bandwidth_hz: 250000 });
  assert.equal(frames()[0].channel, 8);
});

test('loss grows with distance and its shadow is the same both ways', () => {
  const [a, near, far] = [
    { name: 'a', position: [0, 0] },
    { name: 'b', position: [100, 0] },
    { name: 'b', position: [1000, 0] },
  ];
  assert.ok(Math.abs(pathLossDb(1, a, far) - pathLossDb(1, a, near) - 23.2) < 1e-9);
  assert.equal(pathLossDb(1, a, far), pathLossDb(1, far, a));
  assert.notEqual(pathLossDb(1, a, far), pathLossDb(2, a, far));
});

test('each spreading factor reaches down to the SNR of the datasheet', () => {
  for (const [sf, limit] of [
    [7, -7.5],
    [8, -10],
    [9, -12.5],
    [10, -15],
    [11, -17.5],
    [12, -20],
  ]) {
    let least = Infinity;
    for (let km = 0.2; km < 60; km *= 1.02) {
      air = new Air({ seed: 3, region: REGION });
      air.addRadioGateway(GATEWAY, [0, 0]);
      send({ sf, position: [km * 1000, 0] });
      for (const frame of frames()) least = Math.min(least, frame.snr_db);
    }
    assert.ok(Math.abs(least - limit) <= 0.3, `SF${sf} is heard down to ${least} dB`);
  }
});

test('two alike at once: the one 6 dB stronger survives, equals destroy each other', () => {
  send({ from: 'strong', position: [0, 100], power_dbm: 20 });
  send({ from: 'weak', position: [0, 3000] });
  assert.deepEqual(
    frames().map((frame) => [frame.from, frame.crc_ok]),
    [['strong', true]],
  );
  send({ at_ns: 9e9, from: 'one' });
  send({ at_ns: 9e9, from: 'one-too', payload: new Uint8Array(20) });
  const both = frames();
  assert.ok(both.length <= 1);
});

test('a collision after the header gives a frame with a wrong CRC and other bytes', () => {
  send({});
  send({ at_ns: 40e6, from: 'late', power_dbm: 27 });
  const first = frames().find((frame) => frame.from === 'bin');
  assert.equal(first.crc_ok, false);
  assert.notDeepEqual(first.payload, UP.payload);
  assert.equal(first.payload.length, UP.payload.length);
});

test('other spreading factors and channels do not disturb', () => {
  send({});
  send({ sf: 9, from: 'nine' });
  send({ frequency_hz: 868.3e6, from: 'beside' });
  assert.deepEqual(
    frames().map((frame) => frame.crc_ok),
    [true, true, true],
  );
});

test('a radio gateway reports the middle of its channel, wherever in it the uplink was', () => {
  send({ at_ns: 1e9, frequency_hz: 867899964 });
  send({ at_ns: 2e9, frequency_hz: 868300024, bandwidth_hz: 250000 });
  assert.deepEqual(
    frames().map((frame) => frame.frequency_hz),
    [867.9e6, 868.3e6],
  );
});

test('a gateway is deaf while it sends', () => {
  assert.equal(air.radioGatewayTransmit(GATEWAY, DOWN, 0), 'OK');
  send({ at_ns: 1.01e9, frequency_hz: 868.5e6 });
  send({ at_ns: 1.2e9, frequency_hz: 868.5e6 });
  assert.deepEqual(
    frames().map((frame) => frame.end_ns),
    [1.2e9 + END_NS],
  );
});

test('nine at once are one too many for eight demodulators', () => {
  for (let i = 0; i < 9; i++)
    send({
      at_ns: i,
      frequency_hz: [868.1, 868.3, 868.5, 867.1, 867.3, 867.5, 867.7, 867.9, 868.1][i] * 1e6,
      sf: i < 8 ? 9 : 12,
      power_dbm: i < 8 ? 16 : -5,
      from: `n${i}`,
    });
  assert.deepEqual(
    frames().map((frame) => frame.from),
    ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'],
  );
});

for (const [status, more, now] of [
  ['TOO_LATE', {}, 1e9 - 42.4e6],
  ['TOO_EARLY', { time_ns: 513e9 }, 0],
  ['TX_FREQ', { frequency_hz: 433e6 }, 0],
  ['TX_POWER', { power_dbm: 30 }, 0],
  ['COLLISION_PACKET', { time_ns: 2e9 + 50e6 }, 0],
  ['COLLISION_PACKET', { time_ns: 2e9 - 80e6 }, 0],
  ['OK', { time_ns: 2e9 + 100e6 }, 0],
  ['OK', { time_ns: 2e9 - 90e6 }, 0],
  ['OK', {}, 1e9 - 42.5e6],
])
  test(`the concentrator answers ${status} to ${JSON.stringify(more)} at ${now / 1e6} ms`, () => {
    assert.equal(air.radioGatewayTransmit(GATEWAY, { ...DOWN, time_ns: 2e9 }, 0), 'OK');
    assert.equal(air.radioGatewayTransmit(GATEWAY, { ...DOWN, ...more }, now), status);
  });

test('an immediate downlink goes out after 80 ms, the next one after it', () => {
  const started = [];
  const { transmit } = air;
  air.transmit = (tx) => started.push(tx.at_ns) && transmit.call(air, tx);
  assert.equal(air.radioGatewayTransmit(GATEWAY, { ...DOWN, time_ns: null }, 1e9), 'OK');
  assert.equal(air.radioGatewayTransmit(GATEWAY, { ...DOWN, time_ns: null }, 1e9), 'OK');
  assert.deepEqual(started, [1.08e9, 1.08e9 + 41.216e6 + 42.5e6]);
});

test('the queue of a gateway is full with 32 downlinks', () => {
  const answers = Array.from({ length: 33 }, (_, i) => air.radioGatewayTransmit(GATEWAY, { ...DOWN, time_ns: (i + 1) * 1e9 }, 0));
  assert.equal(answers.filter((answer) => answer === 'OK').length, 32);
  assert.equal(answers[32], 'QUEUE_FULL');
});

test('an unknown gateway is named, a second one of the same id too', () => {
  assert.throws(() => air.radioGatewayTransmit('0'.repeat(16), DOWN, 0), /no radio gateway 0000000000000000/);
  assert.throws(() => air.addRadioGateway(GATEWAY, [1, 1]), /in the world already/);
});

test('duty cycle: 1 % of an hour, watched per transmitter and sub-band', () => {
  const once = { sf: 12, payload: new Uint8Array(64) }; // 2.793 s
  for (let i = 0; i < 12; i++) send({ ...once, at_ns: i * 100e9 });
  assert.deepEqual(notices, []);
  send({ ...once, at_ns: 1300e9, frequency_hz: 867.1e6 });
  send({ ...once, at_ns: 1300e9, from: 'other' });
  assert.deepEqual(notices, []);
  send({ ...once, at_ns: 1400e9 });
  assert.deepEqual(
    notices.map(({ event, who, rule, band }) => [event, who, rule, band]),
    [['violation', 'bin', 'duty', '868.0-868.6']],
  );
  assert.equal(notices[0].allowed_ms, 36000);
  assert.ok(notices[0].used_ms > 36000 && notices[0].used_ms < 36800);
  send({ ...once, at_ns: 4000e9 });
  assert.equal(notices.length, 1, 'the hour slides');
  assert.equal(air.violations, 1);
});

test('an hour of silence does not hide the next violation', () => {
  const once = { sf: 12, payload: new Uint8Array(64) };
  for (let i = 0; i < 12; i++) send({ ...once, at_ns: i * 100e9 });
  for (let i = 0; i < 13; i++) send({ ...once, at_ns: 9000e9 + i * 100e9 });
  assert.equal(notices.length, 1);
});

test('too much power and the gap between sub-bands are violations', () => {
  send({ power_dbm: 17 });
  send({ at_ns: 1e9, frequency_hz: 868.67e6 });
  assert.deepEqual(
    notices.map((notice) => notice.rule),
    ['power', 'band'],
  );
  assert.equal(air.radioGatewayTransmit(GATEWAY, { ...DOWN, frequency_hz: 869.525e6, power_dbm: 29 }, 0), 'OK');
  assert.equal(notices.length, 2);
});

test('loss: all, none, up or down only, the same in every run', () => {
  air.set({ loss: 1 });
  send({});
  assert.equal(frames().length, 0);
  air.set({ loss: 0, loss_down: 1 });
  send({ at_ns: 1e9 });
  assert.equal(frames().length, 1);
  air.set({ loss_up: 0.3 });
  const run = () => {
    for (let i = 2; i < 202; i++) send({ at_ns: i * 1e9 });
    return frames().map((frame) => frame.end_ns);
  };
  const first = run();
  assert.ok(first.length > 115 && first.length < 165, `${first.length}`);
  assert.deepEqual(run(), first);
});

test('a jammer drowns its channel while it lasts', () => {
  air.set({ jam: [{ from_us: 0, to_us: 1e6, frequency_hz: 868.1e6, dbm: -60 }] });
  send({});
  send({ frequency_hz: 868.3e6, from: 'beside' });
  send({ at_ns: 2e9 });
  assert.deepEqual(
    frames().map((frame) => frame.from),
    ['beside', 'bin'],
  );
});

/** The instant (ns) at which a receiver that opens at `openNs` locks on what is on the air; null when it does not. */
function lockOf(openNs) {
  let locked = null;
  const at = (ns, fn) => {
    const alarm = { done: false, cancel: () => (alarm.done = true) };
    alarms.push({ ns, fn, alarm });
    return alarm;
  };
  const alarms = [];
  const channel = { frequency_hz: 868.1e6, sf: 7, bandwidth_hz: 125000, inverted: false, sync: 0x3444, implicit: false };
  const onLock = () => (locked = alarms[0].ns);
  const receiver = air.listen({ name: 'lamp', position: [100, 0], open_ns: openNs, noiseFigure: 6, at, onLock, ...channel });
  for (const { fn, alarm } of alarms) if (!alarm.done) fn();
  air.close(receiver);
  return locked;
}

test('a receiver locks after five symbols of preamble, and needs five that are left', () => {
  send();
  assert.equal(lockOf(0), 5 * SYMBOL_NS);
  assert.equal(lockOf(1.5 * SYMBOL_NS), 6.5 * SYMBOL_NS);
  assert.equal(lockOf(3 * SYMBOL_NS), 8 * SYMBOL_NS);
  assert.equal(lockOf(3 * SYMBOL_NS + 2), null);
});

test('a radio gateway locks after five symbols: interference that ends before does no harm', () => {
  const strong = { from: 'near', power_dbm: 27, position: [20, 0], at_ns: 8e9, payload: new Uint8Array(2) };
  const heardWithOverlap = (symbols) => {
    air = new Air({ seed: 3, region: REGION });
    air.addRadioGateway(GATEWAY, [0, 0]);
    const before = send(strong);
    send({ at_ns: before.end_ns - symbols * SYMBOL_NS });
    return frames().some((frame) => frame.from === 'bin');
  };
  assert.equal(heardWithOverlap(4.9), true);
  assert.equal(heardWithOverlap(5.1), false);
});

test('an unknown setting of the air is refused by name', () => {
  assert.throws(() => air.set({ rain: 1 }), /the air has no "rain"/);
});

test('a transmission cut before its header is not heard, after it its CRC is wrong', () => {
  air.cut(send({}), 15e6);
  assert.deepEqual(frames(), []);
  air.cut(send({ at_ns: 1e9 }), 1e9 + 40e6);
  assert.deepEqual(
    frames().map((frame) => frame.crc_ok),
    [false],
  );
});

test('old transmissions are forgotten', () => {
  for (let i = 0; i < 100; i++) send({ at_ns: i * 1e9, frequency_hz: 868.3e6 });
  frames();
  air.collect(99e9 + 16e9);
  assert.ok(air.table.length <= 2);
  assert.deepEqual(air.unjudged, []);
});
