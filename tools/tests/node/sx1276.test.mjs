import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { RX, RX_SINGLE, Radio, SLEEP, STANDBY, TX, WIRING } from './sx1276_radio.mjs';
import { World } from './world.mjs';

const GATEWAY = '0016c001f153a14c';
const SYMBOL_US = 1024;
const RX_ON_US = 154; // 60 us of the synthesiser, 94 us of the receiver
const DOWN = { frequency_hz: 868.1e6, sf: 7, bandwidth_hz: 125000, power_dbm: 14, inverted: true };

let world;
let radio;

beforeEach(() => {
  world = new World();
  world.air.addRadioGateway(GATEWAY, [0, 0]);
  radio = new Radio(world);
});

const refused = (pattern) => {
  assert.equal(radio.host.refused.length, 1, radio.host.refused.join('\n'));
  assert.match(radio.host.refused[0], pattern);
};
const clean = () => {
  assert.deepEqual(radio.host.refused, []);
  assert.deepEqual(radio.chip.ledger().notes, {});
};
const downlink = (us, payload = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) =>
  assert.equal(
    world.air.radioGatewayTransmit(GATEWAY, { ...DOWN, time_ns: us * 1e3, payload: Uint8Array.from(payload) }, world.ns),
    'OK',
  );

/** Opens a window of `symbols` at `us` and runs past it; the result it had. */
function windowAt(us, symbols = 8) {
  world.run(us - RX_ON_US);
  radio.receive(symbols);
  world.run(us + 400e3);
  const [window] = radio.chip.drain().windows;
  assert.equal(window.rx_on_ns, us * 1e3);
  return window.result;
}

test('it names itself, and a burst goes on from register to register', () => {
  assert.equal(radio.read(0x42), 0x12);
  assert.deepEqual(radio.raw(0x06, 0, 0, 0), [0, 0x6c, 0x80, 0x00]);
});

test('SPI within 5 ms after reset is refused, and a pulse of less than 100 us', () => {
  radio.host.put(WIRING.reset, 0);
  world.pass(200);
  radio.host.put(WIRING.reset, 1);
  radio.read(0x42);
  refused(/within 5 ms after reset/);
  world.pass(5e3);
  radio.host.put(WIRING.reset, 0);
  world.pass(50);
  radio.host.put(WIRING.reset, 1);
  assert.match(radio.host.refused[1], /less than 100 us/);
});

test('LongRangeMode changes in sleep only', () => {
  radio.write(0x01, STANDBY);
  refused(/LongRangeMode changes in sleep only, not in stdby/);
  assert.equal(radio.read(0x01), 0x09);
});

test('what is not modelled says so', () => {
  for (const [pattern, ...bytes] of [
    [/FSK and OOK are not modelled/, 0x01, 0x05],
    [/RegFifoAddrPtr outside LoRa mode/, 0x0d, 1],
    [/FIFO outside LoRa mode/, 0x00, 1],
  ]) {
    radio.write(...bytes);
    refused(pattern);
    radio.host.refused.length = 0;
  }
  radio.setUp();
  for (const [pattern, ...bytes] of [
    [/CAD is not modelled/, 0x01, 0x87],
    [/AccessSharedReg/, 0x01, 0xc1],
    [/register 0x38 is reserved/, 0x38, 1],
    [/RegVersion is read only/, 0x42, 1],
  ]) {
    radio.write(...bytes);
    refused(pattern);
    radio.host.refused.length = 0;
  }
});

test('a legal set-up is refused nothing', () => {
  radio.setUp();
  clean();
  assert.equal(radio.chip.mode, 'stdby');
});

test('settings and the FIFO are not for every mode', () => {
  radio.setUp();
  radio.receive(8, RX);
  world.pass(1e3);
  radio.write(0x1d, 0x72);
  refused(/RegModemConfig1 is not to be written in rxcontinuous/);
  radio.write(0x00, 1);
  assert.match(radio.host.refused[1], /FIFO can be filled in standby only/);
  radio.write(0x01, SLEEP);
  radio.read(0x00);
  assert.match(radio.host.refused[2], /no FIFO in sleep/);
});

test('a transmission takes its time on air and ends at TxDone, on DIO0, in standby', () => {
  radio.setUp({ size: 13 });
  radio.transmit(Array.from({ length: 13 }, (_, i) => i));
  const set = world.ns;
  world.pass(220 + 46336 - 1);
  assert.equal(radio.dio0, 0);
  world.pass(2);
  assert.equal(radio.dio0, 1);
  assert.equal(radio.chip.mode, 'stdby');
  radio.write(0x12, 0xff);
  assert.equal(radio.dio0, 0);
  const [row] = radio.chip.drain().transmissions;
  assert.deepEqual(
    { ...row, start_ns: row.start_ns - set, end_ns: row.end_ns - row.start_ns },
    { start_ns: 220e3, end_ns: 46336e3, sf: 7, bw_hz: 125000, frequency_hz: 868099976, power_dbm: 14, size: 13 },
  );
  clean();
});

test('from sleep the oscillator starts first, and the FIFO is empty', () => {
  radio.setUp({ size: 1 });
  radio.transmit([7]);
  world.pass(100e3);
  radio.write(0x01, SLEEP);
  world.pass(1e3);
  radio.write(0x01, TX);
  world.pass(100e3);
  const [first, second] = radio.chip.drain().transmissions;
  assert.equal(first.size, second.size);
  radio.write(0x01, STANDBY);
  radio.write(0x0d, 0);
  assert.equal(radio.read(0x00), 0);
});

test('a window that opens with the preamble receives the downlink', () => {
  radio.setUp({ inverted: true, crc: false });
  downlink(1e6);
  assert.equal(windowAt(1e6), 'frame');
  assert.equal(radio.dio0, 1);
  assert.equal(radio.read(0x12), 0x50);
  assert.deepEqual(radio.payload(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const [snr, rssi] = [radio.read(0x19), radio.read(0x1a)];
  assert.ok(snr > 0 && snr <= 14 * 4 && rssi > 20 && rssi < 100, `${snr} ${rssi}`);
  clean();
});

test('8 symbols: open up to 3 symbols early or late is in time, two more is not', () => {
  radio.setUp({ inverted: true, crc: false });
  let at = 1e6;
  const tryAt = (shift) => {
    at += 1e6;
    radio.write(0x12, 0xff);
    downlink(at);
    return windowAt(at + shift * SYMBOL_US);
  };
  assert.deepEqual([-3, 3, -5, 5].map(tryAt), ['frame', 'frame', 'timeout', 'timeout']);
  assert.equal(radio.dio1, 1, 'RxTimeout');
  assert.equal(radio.chip.mode, 'stdby');
});

test('fewer than 4 symbols are refused', () => {
  radio.setUp();
  radio.receive(3);
  refused(/symbol time-out of 3: 4 to 1023/);
});

test('continuous reception takes one packet after the other, each behind the last', () => {
  radio.setUp({ inverted: true, crc: false });
  radio.receive(8, RX);
  downlink(1e6, [1, 2, 3]);
  world.run(1.5e6);
  assert.deepEqual(radio.payload(), [1, 2, 3]);
  radio.write(0x12, 0xff);
  downlink(2e6, [4, 5]);
  world.run(2.5e6);
  assert.equal(radio.read(0x10), 3);
  assert.deepEqual(radio.payload(), [4, 5]);
  assert.equal(radio.chip.mode, 'rxcontinuous');
  radio.write(0x01, STANDBY);
  assert.equal(radio.chip.drain().windows[0].frames, 2);
});

test('standby before the receiver is on opens no window', () => {
  radio.setUp();
  radio.receive(8);
  radio.write(0x01, STANDBY);
  world.pass(100e3);
  const [window] = radio.chip.drain().windows;
  assert.deepEqual([window.rx_on_ns, window.result], [null, 'stopped']);
  assert.equal(radio.read(0x12), 0);
  clean();
});

test('each window writes from the same base on', () => {
  radio.setUp({ inverted: true, crc: false });
  for (const at of [1e6, 2e6]) {
    downlink(at);
    assert.equal(windowAt(at), 'frame');
    assert.equal(radio.read(0x10), 0);
  }
});

test('a header that is wrong raises nothing, and the receiver stays on', () => {
  radio.setUp({ inverted: true, crc: false });
  downlink(1e6);
  world.air.transmit({
    from: 'other', position: [100, 1], at_ns: 1e9 + 12 * SYMBOL_US * 1e3, frequency_hz: 868.1e6, sf: 7, bandwidth_hz: 125000,
    code_rate: 5, preamble: 8, inverted: true, sync: 0x3444, crc: false, implicit: false, power_dbm: 14, payload: [1],
  });
  world.run(1e6 - RX_ON_US);
  radio.receive(8);
  world.run(1.4e6);
  assert.equal(radio.read(0x12), 0);
  assert.equal(radio.chip.mode, 'rxsingle');
});

for (const [what, skip, note] of [
  ['the image calibration', [0x3b], /image was not calibrated/],
  ['RegIfFreq', [0x2f], /errata 2.3/],
  ['RegDetectOptimize', [0x31], /errata 2.3/],
])
  test(`receiving without ${what} is noted`, () => {
    radio.setUp({ inverted: true, skip });
    radio.write(0x3b, 0x19);
    radio.receive(8);
    world.pass(50e3);
    assert.match(Object.keys(radio.chip.ledger().notes).join(), note);
  });

test('inverted IQ needs its second register too, 500 kHz two of the errata', () => {
  radio.setUp({ inverted: true, skip: [0x3b] });
  radio.receive(8);
  world.pass(50e3);
  assert.ok(radio.chip.ledger().notes['RegInvertIQ2 does not fit RegInvertIQ']);
  radio.setUp({ bw: 500000, skip: [0x36] });
  radio.transmit([1]);
  world.pass(50e3);
  assert.ok(radio.chip.ledger().notes['0x36 and 0x3A do not fit the bandwidth (errata 2.1)']);
});

for (const [what, registers, dbm] of [
  ['17 dBm', [[0x09, 0x8f]], 17],
  ['20 dBm', [[0x09, 0x8f], [0x4d, 0x87], [0x0b, 0x31]], 20],
  ['20 dBm without more current', [[0x09, 0x8f], [0x4d, 0x87]], 18],
])
  test(`${what}: ${dbm} dBm`, () => {
    radio.setUp({ size: 1 });
    for (const row of registers) radio.write(...row);
    radio.transmit([1]);
    world.pass(100e3);
    assert.equal(radio.chip.drain().transmissions[0].power_dbm, dbm);
  });

test('nothing is at RFO', () => {
  radio.setUp({ size: 1 });
  radio.write(0x09, 0x7e);
  radio.transmit([1]);
  world.pass(100e3);
  assert.ok(radio.chip.ledger().notes['the antenna is at PA_BOOST, not at RFO']);
});

test('calibrating takes 10 ms in which the mode stays', () => {
  radio.write(0x3b, 0xc2);
  assert.equal(radio.read(0x3b) & 0x20, 0x20);
  radio.write(0x01, 0x00);
  refused(/while the image is calibrated/);
  world.pass(10e3);
  assert.equal(radio.read(0x3b) & 0x20, 0);
});

test('currents by state', () => {
  radio.setUp({ inverted: true });
  radio.receive(8);
  world.pass(50e3);
  radio.write(0x01, SLEEP);
  const states = new Map(radio.host.currents.map(({ state, microamps }) => [state, microamps]));
  assert.deepEqual([states.get('sleep'), states.get('stdby'), states.get('rx')], [0.2, 1600, 11500]);
});

test('an option is refused by name, without power nothing answers', () => {
  assert.throws(() => radio.chip.set({ lux: 3 }), /sx1276 has no "lux"/);
  radio.chip.off();
  assert.deepEqual(radio.raw(0x42, 0), [0, 0]);
  clean();
});

test('RX single is left for standby, and its noise is random', () => {
  radio.setUp({ inverted: true });
  radio.write(0x01, RX_SINGLE);
  world.pass(1e3);
  const noise = new Set(Array.from({ length: 32 }, () => radio.read(0x2c) & 1));
  assert.equal(noise.size, 2);
});
