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

const refused = (pattern) => {
  assert.equal(radio.host.refused.length, 1, radio.host.refused.join('\n'));
  assert.match(radio.host.refused[0], pattern);
};
const clean = () => assert.deepEqual(radio.host.refused, []);

test('BUSY is high for 3.5 ms after power', () => {
  world = new World();
  radio = new Radio(world);
  assert.ok(Math.abs(world.ns - 3.5e6) <= 1e3);
});

test('a legal set-up is refused nothing and leaves standby on the oscillator', () => {
  radio.setUp();
  clean();
  assert.equal(radio.errors(), 0);
  assert.equal(radio.send(0xc0, 0)[1], 0xb2);
});

test('the first commands of a board with a TCXO see XOSC_START_ERR until it is cleared', () => {
  assert.equal(radio.errors(), 0x20);
  radio.send(0x07, 0, 0);
  assert.equal(radio.errors(), 0);
});

test('a board without TCXO starts without error and needs no DIO3', () => {
  radio = new Radio(new World(), { wiring: { ...WIRING, tcxo_mv: null } });
  assert.equal(radio.errors(), 0);
  radio.setUp({ skip: [0x97] });
  clean();
});

test('a command while BUSY is high is refused and lost', () => {
  radio.send(0x8a, 1);
  radio.raw(0x8a, 1);
  refused(/SetPacketType \(0x8a\) was sent while BUSY was high/);
});

test('opcodes the chip does not have are refused', () => {
  radio.send(0x42);
  refused(/opcode 0x42 does not exist/);
  radio.ready();
  assert.equal(radio.raw(0xc0, 0)[1] & 0x0e, 4 << 1);
});

test('commands that are not modelled say so', () => {
  radio.send(0xd1);
  refused(/SetTxContinuousWave is not modelled/);
});

test('a command with too few bytes is refused', () => {
  radio.send(0x86, 1, 2);
  refused(/SetRfFrequency takes 5 bytes, 3 came/);
});

test('modulation before packet type, packet before modulation', () => {
  radio.send(0x8b, 7, 4, 1, 0);
  refused(/SetModulationParams before SetPacketType/);
  radio.host.refused.length = 0;
  radio.send(0x8a, 1);
  radio.send(0x8c, 0, 8, 0, 16, 1, 0);
  refused(/SetPacketParams before SetModulationParams/);
});

test('calibrating before the TCXO has its supply is refused', () => {
  radio.send(0x89, 0x7f);
  refused(/Calibrate before SetDIO3AsTcxoCtrl/);
});

test('sending without calibration after the TCXO is noted', () => {
  radio.setUp({ size: 1, skip: [0x89] });
  radio.transmit([1]);
  clean();
  assert.deepEqual(radio.chip.ledger().notes, { 'not calibrated since the TCXO was set (9.2.1)': 1 });
});

test('GetStatus right after SetRx is refused, later it is not', () => {
  radio.setUp({ inverted: true });
  radio.receive(0xffffff);
  radio.send(0xc0, 0);
  refused(/GetStatus right after SetRx/);
  radio.send(0xc0, 0);
  refused(/GetStatus right after SetRx/);
});

test('another setting of the TCXO supply needs a new calibration', () => {
  radio.setUp({ size: 1 });
  radio.send(0x97, 2, 0, 1, 0x40);
  radio.transmit([1]);
  assert.equal(radio.chip.ledger().notes['not calibrated since the TCXO was set (9.2.1)'], 1);
});

test('the buffer is lost in sleep', () => {
  radio.setUp();
  radio.send(0x0e, 0, 1, 2, 3);
  radio.send(0x84, 4);
  world.pass(2000);
  radio.wake();
  assert.deepEqual(radio.send(0x1e, 0, 0, 0, 0).slice(3), [0, 0]);
});

for (const [opcode, name] of [
  [0x8b, 'SetModulationParams'],
  [0x86, 'SetRfFrequency'],
])
  test(`sending before ${name} is refused`, () => {
    radio.setUp({ skip: [opcode, 0x8c].slice(0, opcode === 0x8b ? 2 : 1) });
    radio.host.refused.length = 0;
    radio.transmit([1]);
    refused(new RegExp(`SetTx before ${name}`));
  });

test('sending before the PA is set is refused', () => {
  radio.setUp({ skip: [0x95] });
  radio.transmit([1]);
  refused(/SetTx before SetPaConfig/);
});

test('a TCXO with too short a delay does not start', () => {
  radio.send(0x80, 0);
  radio.send(0x97, 1, 0, 0, 10);
  radio.send(0x07, 0, 0);
  radio.send(0x80, 1);
  refused(/SetStandby with a TCXO delay of 156.25 us, it needs 1000 us: XOSC_START_ERR/);
  assert.equal(radio.errors(), 0x20);
});

test('the TCXO delay passes before the oscillator runs', () => {
  radio.setUp();
  radio.send(0x80, 0);
  radio.ready();
  const before = world.ns;
  radio.send(0x80, 1);
  radio.ready();
  assert.ok(Math.abs(world.ns - before - 5e6 - 31e3) <= 2e3, `${(world.ns - before) / 1e3} us`);
});

test('too low a voltage for the TCXO is refused', () => {
  radio.send(0x97, 0, 0, 1, 0x40);
  refused(/gives 1600 mV to a TCXO of 1700 mV/);
});

test('DIO3 on a board without TCXO is refused', () => {
  radio = new Radio(new World(), { wiring: { ...WIRING, tcxo_mv: 0 } });
  radio.send(0x97, 1, 0, 1, 0x40);
  refused(/board without TCXO/);
});

for (const [what, bytes, pattern] of [
  ['the other chip in SetPaConfig', [0x95, 4, 7, 1, 1], /deviceSel 1 is the SX1261/],
  ['a PA beyond its limits', [0x95, 5, 7, 0, 1], /may damage the chip/],
  ['23 dBm', [0x8e, 23, 4], /23 dBm is outside/],
  ['an unknown ramp', [0x8e, 22, 9], /ramp 9/],
  ['GFSK', [0x8a, 0], /only LoRa/],
  ['an unknown fallback', [0x93, 0x50], /0x50/],
  ['RTC wake-up', [0x84, 1], /RTC wake-up/],
])
  test(`${what} is refused`, () => {
    radio.send(...bytes);
    refused(pattern);
  });

test('SF 13 is refused', () => {
  radio.send(0x8a, 1);
  radio.send(0x8b, 13, 4, 1, 0);
  refused(/SF 13/);
});

test('CAD before its parameters is refused', () => {
  radio.setUp();
  radio.send(0xc5);
  refused(/SetCad before SetCadParams/);
});

test('settings are refused while receiving', () => {
  radio.setUp({ inverted: true });
  radio.receive(0xffffff);
  radio.send(0x86, 0x36, 0x41, 0x99, 0x9a);
  refused(/SetRfFrequency is not allowed in rx/);
});

test('SetSleep while receiving is refused, as 13.1.1 says', () => {
  radio.setUp({ inverted: true });
  radio.receive(0xffffff);
  radio.send(0x84, 4);
  refused(/SetSleep is not allowed in rx/);
});

test('calibration outside STDBY_RC is refused', () => {
  radio.setUp();
  radio.send(0x89, 0x7f);
  refused(/Calibrate is not allowed in stdby_xosc/);
});

test('asleep, BUSY stays high, bytes are lost, and NSS wakes in 340 us with all settings', () => {
  radio.setUp();
  radio.send(0x84, 4);
  world.pass(2000);
  assert.equal(radio.busy, 1);
  const start = world.ns;
  assert.deepEqual(radio.raw(0x83, 0, 0, 0), [0, 0, 0, 0]);
  radio.ready();
  assert.ok(Math.abs(world.ns - start - 340e3) < 2e3);
  clean();
  assert.equal(radio.errors(), 0x20, 'the TCXO error reappears at waking');
  assert.equal(radio.chip.config.modulation.sf, 7);
  assert.equal(radio.register(0x740), 0x34);
  assert.equal(radio.register(0x8ac), 0x94, 'the RX gain is not kept without the retention list');
});

test('the retention list keeps the RX gain over warm sleep', () => {
  radio.setUp();
  radio.setRegister(0x29f, 1, 0x08, 0xac);
  radio.send(0x84, 4);
  world.pass(2000);
  radio.wake();
  assert.equal(radio.register(0x8ac), 0x96);
});

test('cold sleep wipes everything and takes 3.5 ms to leave', () => {
  radio.setUp();
  radio.send(0x84, 0);
  world.pass(2000);
  const start = world.ns;
  radio.wake();
  assert.ok(Math.abs(world.ns - start - 3.5e6) < 2e3);
  assert.equal(radio.register(0x740), 0x14);
  assert.equal(radio.errors(), 0x20);
  radio.transmit([1]);
  refused(/SetTx before SetModulationParams/);
});

test('NSS too soon after SetSleep is refused', () => {
  radio.setUp();
  radio.send(0x84, 4);
  world.pass(100);
  radio.wake();
  refused(/within 500 us after SetSleep/);
});

test('NRESET needs 100 us and wipes the chip', () => {
  radio.setUp();
  radio.host.put(15, 0);
  world.pass(50);
  radio.host.put(15, 1);
  refused(/less than 100 us/);
  radio.ready();
  assert.equal(radio.chip.config.lora, false);
});

test('without power nothing answers', () => {
  radio.chip.off();
  assert.deepEqual(radio.raw(0xc0, 0), [0, 0]);
  clean();
});

test('registers and buffer read back, the buffer wraps at 256', () => {
  radio.setRegister(0x06c0, 1, 2, 3);
  assert.deepEqual(radio.send(0x1d, 0x06, 0xc0, 0, 0, 0, 0).slice(4), [1, 2, 3]);
  radio.send(0x0e, 254, 10, 11, 12);
  assert.deepEqual(radio.send(0x1e, 254, 0, 0, 0, 0).slice(3), [10, 11, 12]);
  assert.deepEqual(radio.send(0x1e, 0, 0, 0).slice(3), [12]);
});

test('an unknown option is refused by name', () => {
  assert.throws(() => radio.chip.set({ lux: 3 }), /sx1262 has no "lux"/);
});
