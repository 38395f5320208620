// Pieces of the emulated chip by themselves: clock, flash, timer, PWM, UART, energy.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock } from '../../bench/sim/chip/clock.mjs';
import { Energy } from '../../bench/sim/chip/energy.mjs';
import { Flash, FlashCommands, PAGE, SECTOR } from '../../bench/sim/chip/flash.mjs';
import { floatTables } from '../../bench/sim/chip/floats.mjs';
import { SerialLine } from '../../bench/sim/chip/lines.mjs';
import { Pwm } from '../../bench/sim/chip/pwm.mjs';
import { Rtc, Timer, Watchdog } from '../../bench/sim/chip/system.mjs';
import { Uart } from '../../bench/sim/chip/uart.mjs';

/** As much of an RP2040 as one block needs. */
function chip() {
  const clock = new Clock();
  return { clock, clkSys: 125e6, clkPeri: 125e6, interrupts: new Map(), addClockListener() {},
    setInterrupt(irq, on) { this.interrupts.set(irq, on); } };
}

// ---- clock ----

test('alarms of one instant run in the order in which they were set', () => {
  const clock = new Clock();
  const seen = [];
  for (const name of ['a', 'b', 'c']) clock.at(100, () => seen.push([name, clock.nanos]));
  clock.at(50, () => seen.push(['early', clock.nanos]));

  clock.advance(100);

  assert.deepEqual(seen, [['early', 50], ['a', 100], ['b', 100], ['c', 100]]);
});

test('an alarm that is moved or cancelled leaves the others alone', () => {
  const clock = new Clock();
  const seen = [];
  const alarms = [1, 2, 3].map((i) => clock.at(10 * i, () => seen.push(i)));
  alarms[0].at(35);
  alarms[1].cancel();
  alarms[1].cancel();

  clock.advance(40);

  assert.deepEqual(seen, [3, 1]);
  assert.equal(clock.nanos, 40);
});

test('an alarm for the past runs now, not then', () => {
  const clock = new Clock(1000);
  const seen = [];
  clock.at(1000, () => seen.push(['due', clock.nanos]));
  clock.at(10, () => seen.push(['late', clock.nanos]));

  clock.advance(2000);

  assert.deepEqual(seen, [['due', 1000], ['late', 1000]]);
});

test('an alarm set by an alarm on the way is not passed over', () => {
  const clock = new Clock();
  const seen = [];
  clock.at(10, () => clock.at(15, () => seen.push(clock.nanos)));

  clock.advance(20);

  assert.deepEqual(seen, [15]);
});

test('only a sooner next alarm is told to the scheduler', () => {
  const clock = new Clock();
  const told = [];
  clock.onSooner = (nanos) => told.push(nanos);

  for (const nanos of [50, 70, 20]) clock.at(nanos, () => {});

  assert.deepEqual(told, [50, 20]);
});

// ---- flash ----

function flash() {
  const bytes = new Uint8Array(1 << 20).fill(0xff);
  const made = new Flash(bytes, 1 << 20);
  const begun = [];
  made.begin = (operation, nanos) => begun.push([operation, nanos]);
  return { made, bytes, begun };
}

test('a program of three pages is three operations that only clear bits', () => {
  const { made, bytes, begun } = flash();
  bytes[SECTOR] = 0xf0;

  made.program(SECTOR, new Uint8Array(3 * PAGE).fill(0x3c));
  for (const [operation] of begun) made.finish(operation);

  assert.deepEqual([begun.length, made.programs, bytes[SECTOR], bytes[SECTOR + 1]], [3, 3, 0x30, 0x3c]);
});

test('an operation that was not finished changed nothing, a torn one half', () => {
  for (const [torn, expected] of [[false, [0, 0, 0, 0]], [true, [0xff, 0xff, 0x55, 0]]]) {
    const { made, bytes, begun } = flash();
    bytes.fill(0);
    made.erase(0, SECTOR);

    made.interrupt(begun[0][0], torn);

    assert.deepEqual([bytes[0], bytes[SECTOR / 2 - 1], bytes[SECTOR / 2], bytes[SECTOR - 1]], expected);
  }
});

test('what is not whole sectors or pages, or behind the end, is refused', () => {
  const { made } = flash();

  assert.throws(() => made.erase(1, SECTOR), /not whole sectors/);
  assert.throws(() => made.program(0, new Uint8Array(10)), /not whole pages/);
  assert.throws(() => made.erase(1 << 20, SECTOR), /behind the end/);
});

test('the unique id is read by command 0x4B', () => {
  const commands = new FlashCommands({}, [1, 2, 3, 4, 5, 6, 7, 8]);
  const received = [0x4b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].map((byte) => {
    commands.writeUint32(0x60, byte);
    return commands.readUint32(0x60);
  });

  assert.deepEqual(received.slice(5), [1, 2, 3, 4, 5, 6, 7, 8]);
});

// ---- timer, watchdog, rtc ----

test('a timer alarm fires when the counter shows its value, not before', () => {
  for (const rate of [1, 1.00003, 0.99997]) {
    const mcu = chip();
    mcu.clock.advance(123_456);
    const timer = new Timer(mcu, rate);
    timer.writeUint32(0x38, 1);
    timer.writeUint32(0x10, 777);
    let at = null;
    mcu.setInterrupt = (irq, on) => on && (at ??= timer.readUint32(0x28));

    mcu.clock.advance(123_456 + 800_000 * rate);

    assert.equal(at, 777, `rate ${rate}`);
  }
});

test('an alarm for now comes after a whole turn of the counter', () => {
  const mcu = chip();
  const timer = new Timer(mcu);
  mcu.clock.advance(5000);
  timer.writeUint32(0x10, 5);

  mcu.clock.advance(6000);
  assert.equal(timer.readUint32(0x34), 0);
  mcu.clock.advance(5000 + 2 ** 32 * 1000);

  assert.equal(timer.readUint32(0x34), 1);
});

test('the high half of the time is latched by reading the low half', () => {
  const mcu = chip();
  const timer = new Timer(mcu);
  mcu.clock.advance((2 ** 32 - 1) * 1000);

  const low = timer.readUint32(0x0c);
  mcu.clock.advance((2 ** 32 + 5) * 1000);

  assert.deepEqual([low, timer.readUint32(0x08), timer.readUint32(0x24)], [0xffffffff, 0, 1]);
});

test('the watchdog counts down twice a microsecond and bites once', () => {
  const mcu = chip();
  const bites = [];
  const dog = new Watchdog(mcu, 1, new Uint32Array(8), 0, (reason) => bites.push([reason, mcu.clock.nanos]));
  dog.writeUint32(0x04, 2000);
  dog.writeUint32(0x00, 1 << 30);
  mcu.clock.advance(500_000);
  const left = dog.readUint32(0x00) & 0xffffff;
  dog.writeUint32(0x04, 2000);

  mcu.clock.advance(10_000_000);

  assert.deepEqual([left, bites], [1000, [[1, 1_500_000]]]);
});

test('the real-time clock needs no time zone and stands still while gated', () => {
  const mcu = chip();
  const rtc = new Rtc(mcu);
  rtc.writeUint32(0x04, (2026 << 12) | (3 << 8) | 31);
  rtc.writeUint32(0x08, (2 << 24) | (23 << 16) | (59 << 8) | 58);
  rtc.writeUint32(0x0c, 0x10);
  rtc.writeUint32(0x0c, 1);
  mcu.clock.advance(1.6e9);
  rtc.gate(true);
  mcu.clock.advance(100e9);
  rtc.gate(false);
  mcu.clock.advance(100.5e9);

  assert.equal(rtc.readUint32(0x18), (2026 << 12) | (4 << 8) | 1);
  assert.equal(rtc.readUint32(0x1c) & 0x1fffff, 0);
});

// ---- PWM ----

function pwm({ top, compare, div = 0x10, csr = 1 }) {
  const mcu = chip();
  const made = new Pwm(mcu);
  made.writeUint32(0x3c + 0x10, top); // slice 3: GPIO 6 and 7
  made.writeUint32(0x3c + 0x0c, compare);
  made.writeUint32(0x3c + 0x04, div);
  made.writeUint32(0x3c, csr);
  return { mcu, made };
}

test('duty over any window equals the count of high nanoseconds', () => {
  for (const setting of [{ top: 99, compare: 40 }, { top: 99, compare: 0 }, { top: 99, compare: 100 },
    { top: 999, compare: 250, div: 0x25 }, { top: 50, compare: 20, csr: 3 }, { top: 99, compare: 30, csr: 5 }]) {
    const { mcu, made } = pwm(setting);
    let high = 0;
    const early = [];
    for (let nanos = 0; nanos < 40_000; nanos += 8) {
      mcu.clock.advance(nanos);
      high += made.level(6);
      if (nanos < 1200) early.push(made.level(6));
    }
    mcu.clock.advance(40_000);

    assert.ok(Math.abs(made.duty(6, 0, 40_000) - high / 5000) < 0.002, JSON.stringify(setting));
    for (const from of [0, 25, 75]) {
      const counted = early.slice(from, from + 75).reduce((sum, level) => sum + level, 0) / 75;
      const measured = made.duty(6, from * 8, (from + 75) * 8);
      assert.ok(Math.abs(measured - counted) <= 1.01 / 75, `${JSON.stringify(setting)} from ${from}: ${measured} ${counted}`);
    }
  }
});

test('a duty that changed half-way is measured as both', () => {
  const { mcu, made } = pwm({ top: 124, compare: 0 });
  mcu.clock.advance(1e6);
  made.writeUint32(0x3c + 0x0c, 125);
  mcu.clock.advance(2e6);

  assert.equal(made.duty(6, 0, 2e6), 0.5);
  assert.equal(made.duty(6, 1e6, 2e6), 1);
});

test('a gated PWM keeps its level', () => {
  const { mcu, made } = pwm({ top: 124, compare: 62 });
  mcu.clock.advance(100);
  made.gate(true);
  mcu.clock.advance(1e9);

  assert.deepEqual([made.level(6), made.duty(6, 1000, 1e9), made.periodNanos(6)], [1, 1, 0]);
});

// ---- UART ----

function uart(baud = 9600) {
  const mcu = chip();
  mcu.dma = { setDREQ() {}, clearDREQ() {} };
  const made = new Uart(mcu, 'UART0', 20, null);
  const divisor = 125e6 / (16 * baud);
  made.writeUint32(0x24, Math.floor(divisor));
  made.writeUint32(0x28, Math.round((divisor % 1) * 64));
  made.writeUint32(0x2c, 0x70);
  made.writeUint32(0x30, 0x301);
  return { mcu, made };
}

test('bytes leave at the baud rate and raise the interrupt at the FIFO level, once', () => {
  const { mcu, made } = uart();
  const sent = [];
  made.onByte = (value, nanos) => sent.push([value, Math.round(nanos / 1e6)]);
  made.writeUint32(0x38, 1 << 5);
  for (const value of [1, 2, 3]) made.writeUint32(0x00, value);
  made.writeUint32(0x44, 1 << 5);

  mcu.clock.advance(10e6);

  assert.deepEqual(sent, [[1, 1], [2, 2], [3, 3]]);
  assert.equal(mcu.interrupts.get(20), false);
});

test('a few bytes raise the receive time-out and reading ends it', () => {
  const { mcu, made } = uart();
  made.writeUint32(0x38, 1 << 6);
  made.receive(0x41, 9600);
  mcu.clock.advance(5e6);
  const raised = mcu.interrupts.get(20);

  const value = made.readUint32(0x00);

  assert.deepEqual([raised, value, mcu.interrupts.get(20)], [true, 0x41, false]);
});

test('a full FIFO loses the newest byte and says so', () => {
  const { made } = uart();
  for (let i = 0; i < 33; i++) made.receive(i, 9600);
  const read = Array.from({ length: 33 }, () => made.readUint32(0x00));

  assert.deepEqual(read.slice(30), [30, 31, 0]);
  assert.equal(made.readUint32(0x3c) & (1 << 10), 1 << 10);
});

test('a line to a chip without power loses its bytes and goes on', () => {
  const clock = new Clock();
  const line = new SerialLine(clock);
  line.send([1, 2, 3], 9600, 1);

  clock.advance(1e9);

  assert.deepEqual([line.queue.length, line.open(), line.baud()], [0, false, 0]);
});

// ---- energy and floats ----

test('the ledger sums time and charge by state', () => {
  const energy = new Energy();
  energy.set('radio', 'rx', 5000, 0);
  energy.set('radio', 'sleep', 1, 36e9);
  energy.set('radio', 'rx', 5000, 72e9);
  energy.off(108e9);

  const { radio } = energy.report(200e9);

  assert.deepEqual(radio.rx, { seconds: 72, microampere_hours: 100 });
  assert.deepEqual(radio.sleep, { seconds: 36, microampere_hours: 0.01 });
  assert.equal(radio.off.seconds, 92);
});

test('single precision conversions round once and saturate', () => {
  const { SF } = floatTables();
  const core = { registers: new Uint32Array(4) };
  const call = (offset, ...registers) => {
    core.registers.set(registers);
    SF[offset](core);
    return core.registers[0];
  };
  const word = (value) => new Uint32Array(Float32Array.of(value).buffer)[0];

  assert.equal(call(0x34, 16777217), word(16777216)); // uint to float, ties to even
  assert.equal(call(0x64, 0x01000001, 0x01), word(4311744512)); // 64 bits
  assert.equal(call(0x64, 1, 0x80000080), word(2 ** 63 + 2 ** 40)); // one bit more than half rounds up
  assert.equal(call(0x1c, word(-3.5)), 0xfffffffc); // to int, towards minus infinity
  assert.equal(call(0x24, word(-1)), 0); // to uint saturates
  assert.equal(call(0x1c, word(1e20)), 0x7fffffff);
  assert.equal(call(0x00, word(0.1), word(0.2)), word(Math.fround(0.1) + Math.fround(0.2)));
});
