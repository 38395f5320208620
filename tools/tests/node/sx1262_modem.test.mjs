import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Radio, WIRING } from './radio.mjs';
import { World } from './world.mjs';

let world;
let radio;

beforeEach(() => {
  world = new World();
  radio = new Radio(world);
});

const clean = () => assert.deepEqual(radio.host.refused, []);

test('SetTx: BUSY until the preamble begins, TxDone at its time on air, then standby, status 0xAC once', () => {
  radio.setUp({ size: 13 });
  const start = world.ns;
  radio.send(0x0e, 0, ...Array.from({ length: 13 }, (_, i) => i));
  radio.ready();
  const set = world.ns;
  radio.send(0x83, 0, 0, 0);
  radio.ready();
  assert.ok(Math.abs(world.ns - set - 105e3 - 200e3) <= 2e3, 'switching time and ramp');
  world.pass(46335);
  assert.equal(radio.dio1, 0);
  world.pass(2);
  assert.equal(radio.dio1, 1);
  assert.equal(radio.irq(), 1);
  assert.equal(radio.chip.mode, 'stdby_rc');
  const [row] = radio.chip.drain().transmissions;
  assert.deepEqual(
    { ...row, start_ns: 0, end_ns: 0 },
    { start_ns: 0, end_ns: 0, sf: 7, bw_hz: 125000, frequency_hz: 868.1e6, power_dbm: 14, size: 13 },
  );
  assert.equal(row.end_ns - row.start_ns, 46336e3);
  assert.ok(row.start_ns > start);
  clean();
});

test('the first status after a transmission is 0xAC, then 0xA2', () => {
  radio.setUp({ size: 1 });
  radio.transmit([1]);
  world.pass(100e3);
  assert.equal(radio.raw(0xc0, 0)[1], 0xac);
  assert.equal(radio.send(0xc0, 0)[1], 0xa2);
});

test('interrupts outside IrqMask are not noted, those outside Dio1Mask do not reach the pin', () => {
  radio.setUp({ size: 1 });
  radio.send(0x08, 0, 1, 0, 0, 0, 0, 0, 0);
  radio.transmit([1]);
  world.pass(100e3);
  assert.equal(radio.dio1, 0);
  assert.equal(radio.irq(), 1);
  radio.clearIrq();
  radio.send(0x08, 2, 0, 2, 0, 0, 0, 0, 0);
  radio.transmit([1]);
  world.pass(100e3);
  assert.equal(radio.irq(), 0);
});

test('a transmission time-out ends the carrier', () => {
  radio.setUp({ sf: 12, size: 30 });
  radio.send(0x83, 0, 0x10, 0);
  radio.ready();
  world.pass(70e3);
  assert.equal(radio.irq(), 0x200);
  const [row] = radio.chip.drain().transmissions;
  assert.equal(row.end_ns - row.start_ns, 4096 * 15625);
});

test('SetStandby cuts a transmission', () => {
  radio.setUp({ sf: 12, size: 30 });
  radio.transmit(new Array(30).fill(0));
  world.pass(50e3);
  radio.send(0x80, 0);
  const [row] = radio.chip.drain().transmissions;
  assert.ok(row.end_ns - row.start_ns < 60e6);
  assert.equal(radio.chip.mode, 'stdby_rc');
});

test('the fallback mode is entered after a transmission', () => {
  radio.setUp({ size: 1 });
  radio.send(0x93, 0x30);
  radio.transmit([1]);
  world.pass(100e3);
  assert.equal(radio.chip.mode, 'stdby_xosc');
});

test('a window of 8 symbols times out 8 symbols after RX is on; the first status is 0xA6', () => {
  radio.setUp({ inverted: true });
  radio.send(0xa0, 8);
  radio.ready();
  const set = world.ns;
  radio.send(0x82, 0, 0, 0);
  radio.ready();
  assert.equal(radio.raw(0x12, 0, 0, 0)[1], 0xb2, 'the status just after SetRx still shows standby');
  radio.ready();
  assert.equal(radio.raw(0xc0, 0)[1], 0xd2);
  world.pass(10e3);
  assert.equal(radio.raw(0xc0, 0)[1], 0xa6);
  assert.equal(radio.irq(), 0x200);
  const [window] = radio.chip.drain().windows;
  assert.deepEqual([window.rx_on_ns - set, window.symbols, window.result, window.tx_end_ns], [62e3, 8, 'timeout', null]);
  assert.ok(Math.abs(window.end_ns - window.rx_on_ns - 8 * 1024e3) <= 1);
  assert.deepEqual(radio.chip.drain().windows, []);
});

test('SetRx times out in ticks of 15.625 us', () => {
  radio.setUp({ inverted: true });
  radio.receive(640);
  world.pass(20e3);
  const [window] = radio.chip.drain().windows;
  assert.equal(window.end_ns - window.rx_on_ns, 10e6);
});

test('register 0x0706 sets the symbol time-out as mantissa and exponent', () => {
  radio.setUp({ inverted: true });
  radio.send(0xa0, 64);
  radio.setRegister(0x706, (8 << 3) | 1);
  radio.send(0x82, 0, 0, 0);
  radio.ready();
  world.pass(100e3);
  const [window] = radio.chip.drain().windows;
  assert.equal(window.symbols, 64);
  assert.ok(Math.abs(window.end_ns - window.rx_on_ns - 64 * 1024e3) <= 1);
});

test('an idle radio, asleep or waiting in standby, has no alarm', () => {
  radio.setUp();
  radio.ready();
  assert.equal(world.alarms.length, 0);
  radio.send(0x84, 4);
  assert.equal(world.alarms.length, 0);
});

test('continuous reception without anybody sending has no alarm', () => {
  radio.setUp({ inverted: true });
  radio.receive(0xffffff);
  assert.equal(world.alarms.length, 0);
});

test('each state draws its current', () => {
  radio.setUp({ size: 1, inverted: true });
  radio.receive(0xffffff);
  radio.send(0x80, 0);
  radio.transmit([1]);
  world.pass(100e3);
  radio.send(0x84, 4);
  const last = Object.fromEntries(radio.host.currents.map(({ state, microamps }) => [state, microamps]));
  assert.deepEqual(last, { stdby_rc: 600, stdby_xosc: 800, rx: 5300, tx: 89300, warm: 0.6 });
});

test('power: PA settings and over-current protection decide', () => {
  radio.setUp({ size: 1 });
  radio.send(0x95, 4, 7, 0, 1);
  radio.send(0x8e, 22, 4);
  radio.transmit([1]);
  world.pass(100e3);
  radio.setRegister(0x8e7, 0x18);
  radio.send(0x80, 0);
  radio.transmit([1]);
  world.pass(100e3);
  assert.deepEqual(
    radio.chip.drain().transmissions.map((row) => row.power_dbm),
    [22, 6],
    '60 mA allow 6 dBm: 57.0 mA with DC-DC, 7 dBm would take 60.3',
  );
});

test('forgotten settings cost range and are noted', () => {
  radio.setUp({ size: 1, skip: [0x9d, 0x98] });
  radio.setRegister(0x8d8, 0xc8);
  radio.transmit([1]);
  world.pass(100e3);
  const { notes, transmissions } = radio.chip.drain();
  assert.deepEqual(Object.keys(notes).sort(), [
    '0x08D8 was not set after start (15.2)',
    'image not calibrated for this band',
    'the RF switch was not given to DIO2',
  ]);
  assert.equal(transmissions[0].power_dbm, -16);
});

test('an antenna mismatch costs 5 dB unless the clamp is set', () => {
  radio.setUp({ size: 1 });
  radio.chip.set({ antenna_mismatched: true });
  radio.transmit([1]);
  world.pass(100e3);
  radio.setRegister(0x8d8, 0xc8);
  radio.transmit([1]);
  world.pass(100e3);
  assert.deepEqual(
    radio.chip.drain().transmissions.map((row) => row.power_dbm),
    [14, 9],
  );
});

test('the ledger counts, and the record is given out once', () => {
  radio.setUp({ size: 13, inverted: true });
  radio.transmit(new Array(13).fill(0));
  world.pass(100e3);
  radio.receive(0, 8);
  world.pass(100e3);
  assert.deepEqual(radio.chip.ledger(), {
    mode: 'stdby_rc',
    transmissions: 1,
    windows: 1,
    airtime_s: 0.046336,
    notes: radio.chip.ledger().notes,
  });
  assert.equal(radio.chip.drain().windows.length, 1);
  assert.equal(radio.chip.drain().windows.length, 0);
  assert.equal(radio.chip.ledger().windows, 1);
});

test('an antenna switch that has no supply, or points the other way, costs 30 dB', () => {
  const wiring = { ...WIRING, antenna: 25, rxen: 17, txen: 18 };
  radio = new Radio(world, { name: 'switched', wiring });
  radio.setUp({ size: 1 });
  const send = (antenna, rxen, txen) => {
    for (const [gpio, level] of [[25, antenna], [17, rxen], [18, txen]]) radio.host.put(gpio, level);
    radio.transmit([1]);
    world.pass(100e3);
    radio.send(0x80, 1);
    return radio.chip.drain().transmissions[0].power_dbm;
  };
  assert.equal(send(1, 0, 1), 14);
  assert.deepEqual(radio.chip.ledger().notes, {});
  assert.deepEqual([send(0, 0, 1), send(1, 1, 1), send(1, 0, 0)], [-16, -16, -16]);
  assert.deepEqual(radio.chip.ledger().notes, {
    'antenna is 0 while the radio sends': 1,
    'rxen is 1 while the radio sends': 1,
    'txen is 0 while the radio sends': 1,
  });
});
