import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Radio } from './radio.mjs';
import { World } from './world.mjs';

const GATEWAY = '0016c001f153a14c';
const SYMBOL_US = 1024;
const DOWN = { frequency_hz: 868.1e6, sf: 7, bandwidth_hz: 125000, power_dbm: 14, inverted: true };
const IRQ_FRAME = 0x2 | 0x4 | 0x8 | 0x10;

let world;
let radio;

beforeEach(() => {
  world = new World();
  world.air.addRadioGateway(GATEWAY, [0, 0]);
  radio = new Radio(world);
  radio.setUp({ inverted: true, crc: false });
});

/** A downlink whose preamble begins at `us`. */
const downlink = (us, payload = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], more = {}) =>
  assert.equal(
    world.air.radioGatewayTransmit(GATEWAY, { ...DOWN, time_ns: us * 1e3, payload: Uint8Array.from(payload), ...more }, world.ns),
    'OK',
  );

/** Opens a window of `symbols` at `us` and runs past it; the result it had. */
function windowAt(us, { symbols = 8, ticks = 0 } = {}) {
  radio.send(0xa0, symbols);
  radio.ready();
  world.run(us - 62);
  radio.raw(0x82, (ticks >> 16) & 255, (ticks >> 8) & 255, ticks & 255);
  world.run(us + 400e3);
  const { windows } = radio.chip.drain();
  assert.equal(windows.at(-1)?.rx_on_ns ?? us * 1e3, us * 1e3);
  return windows.at(-1)?.result;
}

test('a window that opens with the preamble receives the downlink: payload, RSSI, SNR, interrupts', () => {
  downlink(1e6);
  assert.equal(windowAt(1e6), 'frame');
  assert.equal(radio.irq(), IRQ_FRAME);
  assert.deepEqual(radio.payload(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const [, , rssi, snr, signal] = radio.send(0x14, 0, 0, 0, 0);
  assert.ok(rssi > 100 && rssi < 250 && Math.abs(rssi - signal) < 4, `${rssi} ${signal}`);
  assert.ok(snr > 0 && snr <= 14 * 4, `${snr}`);
});

test('RxDone comes at the end of the packet', () => {
  downlink(1e6);
  radio.send(0xa0, 8);
  world.run(1e6 - 62);
  radio.raw(0x82, 0, 0, 0);
  const end = 1e6 + 40.25 * SYMBOL_US; // 12 bytes, no CRC: 12.25 + 8 + 4 * 5 symbols
  world.run(end - 300);
  const ends = () => radio.irq() & 2;
  assert.equal(ends(), 0);
  world.run(end + 10);
  assert.equal(ends(), 2);
});

for (const [symbols, early, late] of [
  [8, 3, 3],
  [6, 1, 3],
  [20, 15, 3],
])
  test(`${symbols} symbols: open up to ${early} symbols early or ${late} late is in time, two more is not`, () => {
    let at = 1e6;
    const tryAt = (shift) => {
      at += 1e6;
      radio.send(0x80, 1);
      downlink(at);
      return windowAt(at + shift * SYMBOL_US, { symbols });
    };
    assert.equal(tryAt(-early), 'frame');
    assert.equal(tryAt(late), 'frame');
    assert.equal(tryAt(-early - 2), 'timeout');
    assert.equal(tryAt(late + 2), 'timeout');
  });

test('another sync word, IQ, spreading factor or channel is not heard', () => {
  const unlike = [
    () => radio.setRegister(0x740, 0x14, 0x24),
    () => radio.send(0x8c, 0, 8, 0, 16, 0, 0),
    () => radio.send(0x8b, 8, 4, 1, 0),
    () => radio.send(0x86, 0x36, 0x44, 0xcc, 0xcd),
  ];
  unlike.forEach((change, i) => {
    const at = (i + 1) * 1e6;
    radio.setUp({ inverted: true, crc: false });
    radio.send(0x80, 1);
    change();
    downlink(at);
    assert.equal(windowAt(at), 'timeout', `change ${i}`);
  });
});

test('with the wrong bit in 0x0736 long downlinks are lost and it is noted', () => {
  radio.setRegister(0x736, 0x0d);
  downlink(1e6, new Array(24).fill(7));
  assert.equal(windowAt(1e6), 'header');
  assert.ok(radio.chip.ledger().notes['0x0736 bit 2 does not fit the IQ setting (15.4)']);
  radio.setUp({ inverted: true, crc: false });
  downlink(2e6, new Array(24).fill(7));
  assert.equal(windowAt(2e6), 'frame');
});

test('the SetRx timer ends at the header, or with StopTimerOnPreamble at the preamble', () => {
  const ticks = Math.ceil((15 * SYMBOL_US) / 15.625); // after the lock, before the header
  downlink(1e6);
  assert.equal(windowAt(1e6, { symbols: 0, ticks }), 'timeout');
  radio.send(0x80, 1);
  radio.send(0x9f, 1);
  downlink(2e6);
  assert.equal(windowAt(2e6, { symbols: 0, ticks }), 'frame');
});

test('the timer of a window that standby ended raises nothing', () => {
  radio.receive(640, 0);
  world.pass(1e3);
  radio.send(0x80, 0);
  world.pass(100e3);
  assert.equal(radio.irq(), 0);
  assert.equal(radio.chip.drain().windows[0].result, 'stopped');
});

test('the timer does not end a packet whose header was heard', () => {
  downlink(1e6);
  assert.equal(windowAt(1e6, { symbols: 8, ticks: Math.ceil((25 * SYMBOL_US) / 15.625) }), 'frame');
});

test('continuous reception with a symbol time-out left over ends like any other', () => {
  assert.equal(windowAt(1e6, { symbols: 8, ticks: 0xffffff }), 'timeout');
  assert.equal(radio.chip.mode, 'stdby_rc');
});

test('continuous reception hears one packet after the other and moves on in the buffer', () => {
  radio.receive(0xffffff);
  downlink(1e6, [1, 2, 3]);
  downlink(2e6, [4, 5]);
  world.run(1.5e6);
  assert.deepEqual(radio.payload(), [1, 2, 3]);
  world.run(2.5e6);
  assert.deepEqual(radio.payload(), [4, 5]);
  assert.equal(radio.send(0x13, 0, 0, 0)[3], 3);
  assert.equal(radio.chip.mode, 'rx');
  radio.send(0x80, 0);
  const [window] = radio.chip.drain().windows;
  assert.deepEqual([window.continuous, window.frames, window.result], [true, 2, 'stopped']);
});

test('a receiver that opens inside a preamble with five symbols to come still locks', () => {
  downlink(1e6);
  assert.equal(windowAt(1e6 + 3 * SYMBOL_US - 10), 'frame');
});

test('a collision in the payload breaks it: RxDone with CRC error when there is a CRC, garbage without', () => {
  const rival = () => ({
    from: 'rival',
    position: [60, 0],
    frequency_hz: 868.1e6,
    sf: 7,
    bandwidth_hz: 125000,
    code_rate: 5,
    preamble: 8,
    inverted: false,
    sync: 0x3444,
    crc: true,
    implicit: false,
    power_dbm: 20,
    payload: new Uint8Array(10),
  });
  downlink(1e6, new Array(12).fill(5));
  world.air.transmit({ ...rival(), at_ns: 1.03e9 });
  assert.equal(windowAt(1e6), 'frame');
  assert.notDeepEqual(radio.payload(), new Array(12).fill(5));
  radio.send(0x80, 1);
  radio.clearIrq();
  downlink(2e6, new Array(12).fill(5), { crc: true });
  world.air.transmit({ ...rival(), at_ns: 2.03e9 });
  assert.equal(windowAt(2e6), 'crc');
  assert.equal(radio.irq() & 0x42, 0x42);
});

test('a collision in the header is a header error and ends a single reception', () => {
  downlink(1e6);
  world.air.transmit({
    from: 'rival',
    position: [60, 0],
    frequency_hz: 868.1e6,
    sf: 7,
    bandwidth_hz: 125000,
    code_rate: 5,
    preamble: 8,
    inverted: false,
    sync: 0x3444,
    crc: true,
    implicit: false,
    power_dbm: 20,
    payload: new Uint8Array(1),
    at_ns: 1.012e9,
  });
  assert.equal(windowAt(1e6), 'header');
  assert.equal(radio.irq() & 0x22, 0x20);
});

test('CAD finds a preamble on the air, and nothing in silence', () => {
  radio.send(0x88, 2, 22, 10, 0, 0, 0, 0);
  radio.send(0xc5);
  radio.ready();
  world.pass(20e3);
  assert.equal(radio.irq(), 0x80);
  radio.clearIrq();
  downlink(1e6);
  radio.send(0x80, 1);
  world.run(1e6 + 2000);
  radio.send(0xc5);
  radio.ready();
  world.pass(5e3);
  assert.equal(radio.irq(), 0x180);
});

test('RSSI of silence is the noise floor, of a packet its strength', () => {
  radio.receive(0xffffff);
  downlink(1e6);
  const rssi = () => -radio.send(0x15, 0, 0)[2] / 2;
  assert.ok(Math.abs(rssi() + 116.5) <= 1, `${rssi()}`);
  world.run(1.01e6);
  assert.ok(rssi() > -110);
});

test('the random number register is noise', () => {
  radio.receive(0xffffff);
  const numbers = Array.from({ length: 8 }, () => radio.register(0x819));
  assert.ok(new Set(numbers).size > 4);
});

test('statistics count packets and errors, and are reset', () => {
  downlink(1e6);
  windowAt(1e6);
  assert.deepEqual(radio.send(0x10, 0, 0, 0, 0, 0, 0, 0).slice(2), [0, 1, 0, 0, 0, 0]);
  radio.send(0x00, 0, 0, 0, 0, 0, 0);
  assert.deepEqual(radio.send(0x10, 0, 0, 0, 0, 0, 0, 0).slice(2), [0, 0, 0, 0, 0, 0]);
});

test('nothing of all this was refused', () => {
  downlink(1e6);
  windowAt(1e6);
  assert.deepEqual(radio.host.refused, []);
});
