// Sleep of the emulated ESP32 under the official MicroPython binary: what ends it, what outlives it, watchdog and supply.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Repl } from '../../bench/sim/esp32/repl.mjs';

const FIRMWARE = new URL('../../../.cache/micropython/firmware-esp32.bin', import.meta.url);
const BANNER = 'Type "help()" for more information.\r\n>>> ';
const board = () => new Repl({ firmware: FIRMWARE }).boot();
const ok = (repl, code, expected) => assert.deepEqual(repl.run(code), { out: expected, error: '' });
const causes = 'import machine\nprint(machine.reset_cause(), machine.wake_reason())';
const COLD = '1 0';
const DEEPSLEEP = 4;
const [EXT0, EXT1, TIMER, GPIO, UART] = [2, 3, 4, 7, 8]; // esp_sleep_source_t

/** Types a line and runs on for so many virtual ms. */
function typed(repl, line, milliseconds) {
  repl.output = '';
  repl.type(`${line}\r`);
  repl.chip.run(repl.clock.nanosCounter + milliseconds * 1e6);
  return repl;
}

const drive = (repl, gpio, level) => {
  repl.chip.wires.drive(gpio, level);
  return repl;
};

describe('light sleep', () => {
  const repl = board();
  const slept = (set, end) => {
    repl.run(`import machine,esp32\nfrom machine import Pin\n${set}`);
    typed(repl, 'machine.lightsleep(20000); print("woke", machine.wake_reason())', 300);
    const asleep = repl.chip.stopped;
    end();
    repl.until('>>> ', 25000);
    return [asleep, Number(/woke (\d+)/.exec(repl.output)?.[1])];
  };

  test('ends by its time', () => {
    ok(repl, 'import machine\nmachine.lightsleep(50)\nprint(machine.wake_reason())', `${TIMER}`);
  });

  test('ends by a level at the pin of EXT0', () => {
    drive(repl, 4, 0);
    assert.deepEqual(slept('esp32.wake_on_ext0(Pin(4, Pin.IN), esp32.WAKEUP_ANY_HIGH)', () => drive(repl, 4, 1)), [true, EXT0]);
    assert.deepEqual(slept('esp32.wake_on_ext0(Pin(4, Pin.IN), esp32.WAKEUP_ALL_LOW)', () => drive(repl, 4, 0)), [true, EXT0]);
    repl.run('esp32.wake_on_ext0(None)');
  });

  test('ends by any high pin of EXT1, or by all low ones', () => {
    for (const gpio of [33, 36]) drive(repl, gpio, 0);
    const pins = '(Pin(33, Pin.IN), Pin(36, Pin.IN))';
    assert.deepEqual(slept(`esp32.wake_on_ext1(${pins}, esp32.WAKEUP_ANY_HIGH)`, () => drive(repl, 36, 1)), [true, EXT1]);
    drive(repl, 33, 1);
    assert.deepEqual(slept(`esp32.wake_on_ext1(${pins}, esp32.WAKEUP_ALL_LOW)`, () => {
      drive(repl, 36, 0);
      repl.chip.run(repl.clock.nanosCounter + 1e9);
      assert.ok(repl.chip.stopped, 'one of two pins woke it');
      drive(repl, 33, 0);
    }), [true, EXT1]);
    repl.run('esp32.wake_on_ext1((), esp32.WAKEUP_ANY_HIGH)');
  });

  test('is over at once where the level stands already', () => {
    drive(repl, 4, 1);
    assert.deepEqual(slept('esp32.wake_on_ext0(Pin(4), esp32.WAKEUP_ANY_HIGH)', () => {}), [false, EXT0]);
    repl.run('esp32.wake_on_ext0(None)');
  });

  // MicroPython 1.25 has no call for these two: the registers are written as ESP-IDF does
  const raw = (sources, setting) => {
    repl.run(`import machine\nm=machine.mem32\nR=0x3FF48000\ndef doze():\n ${setting}\n m[R+0x38]=${sources}<<11\n m[R+0x48]=3\n m[R+0x18]=m[R+0x18]|1<<31\n return m[R+0x38]&0x7ff`);
    typed(repl, 'print("cause", doze())', 300);
    assert.ok(repl.chip.stopped);
  };
  const cause = () => {
    repl.until('>>> ', 2000);
    return Number(/cause (\d+)/.exec(repl.output)?.[1]);
  };

  test('ends by the level of a GPIO outside the RTC', () => {
    drive(repl, 18, 0);
    raw(4, 'm[0x3FF44088+4*18]=1<<10|5<<7');
    drive(repl, 18, 1);
    assert.equal(cause(), 4);
    repl.run('m[0x3FF44088+4*18]=0');
  });

  test('ends by enough edges on UART0, whose characters are lost', () => {
    raw(1 << 6, 'm[0x3FF40038]=1'); // three rising edges, as an "a" has
    repl.chip.units.uart[0].receive(0x0f); // two
    repl.chip.run(repl.clock.nanosCounter + 1e7);
    assert.ok(repl.chip.stopped);
    repl.chip.units.uart[0].receive(0x61);
    assert.equal(cause(), 1 << 6);
    ok(repl, 'print(1)', '1');
  });

  test('never ends by touch or ULP, which are absent', () => {
    raw((1 << 8) | (1 << 9) | (1 << 3), 'm[R+4]=0;m[R+8]=0xffff'); // its time is far off
    repl.chip.run(repl.clock.nanosCounter + 6e10);
    assert.ok(repl.chip.stopped);
    repl.chip.units.rtc.wake.end(0);
    repl.until('>>> ', 2000);
  });

  test('stops CCOUNT and the timers, and no edge is seen in it', () => {
    drive(repl, 18, 0);
    repl.run('from machine import Pin,Timer\nimport machine,esp32\nseen=[]\np=Pin(18,Pin.IN)\np.irq(lambda q: seen.append(1),Pin.IRQ_RISING)\nt=Timer(1)\nfired=[]\nt.init(period=3000,mode=Timer.ONE_SHOT,callback=lambda t: fired.append(1))');
    typed(repl, 'machine.lightsleep(5000)', 200);
    const [core] = repl.chip.cores;
    const before = core.cycles;
    drive(repl, 18, 1);
    repl.chip.run(repl.clock.nanosCounter + 4e9);
    assert.equal(core.cycles, before);
    repl.until('>>> ', 3000);
    ok(repl, 'print(seen, fired)', '[] []');
    ok(repl, 'import time\ntime.sleep_ms(3100)\nprint(fired)', '[1]');
  });

  test('at which a pin is dimmed is refused, with 0 or a plain level it is not', () => {
    const refused = () => repl.notes.filter((note) => note.startsWith('ledc'));
    repl.run('from machine import PWM\np=Pin(25,Pin.OUT,value=1)\nw=PWM(p,freq=1000,duty_u16=0)\nmachine.lightsleep(5)\np.init(Pin.OUT,value=1)\nw.duty_u16(65535)\nmachine.lightsleep(5)');
    assert.deepEqual(refused(), []);
    repl.run('w.deinit()\nw.init(freq=1000,duty_u16=65535)\nmachine.lightsleep(5)\nmachine.lightsleep(5)'); // low for one count of 65536
    assert.equal(refused().length, 1);
    assert.match(refused()[0], /GPIO25 is dimmed as light sleep begins/);
  });
});

test('the ledger tells running and waiting by frequency, light and deep sleep', () => {
  const repl = board();
  const { spent } = repl.chip;
  const within = (nanos, seconds) => assert.ok(Math.abs(nanos / 1e9 - seconds) < 0.05, `${nanos / 1e9} s, not ${seconds}`);
  const before = { light: spent.light, idle: spent.idle[160], slow: spent.run[80] };
  typed(repl, 'import machine; machine.lightsleep(3000)', 5000); // in one leap
  within(spent.light - before.light, 3);
  within(spent.idle[160] - before.idle, 2);
  repl.run('machine.freq(80000000)\nsum(range(20000))');
  assert.ok(spent.run[80] - before.slow > 1e7);
  typed(repl, 'machine.deepsleep(5000)', 100);
  repl.until(BANNER, 6000);
  within(spent.deep, 5);
  within(spent.light - before.light, 3);
});

describe('deep sleep', () => {
  const into = (repl, set) => typed(repl, `import machine,esp32; from machine import Pin; ${set}; machine.deepsleep(20000)`, 400);

  test('is told from a cold start, and who ended it', () => {
    const repl = board();
    ok(repl, causes, COLD);
    typed(repl, 'machine.deepsleep(500)', 100);
    repl.until(BANNER, 3000);
    ok(repl, causes, `${DEEPSLEEP} ${TIMER}`);
    for (const [set, gpio, why] of [['esp32.wake_on_ext0(Pin(4, Pin.IN), True)', 4, EXT0],
      ['esp32.wake_on_ext1((Pin(33, Pin.IN), Pin(36, Pin.IN)), True)', 33, EXT1]]) {
      drive(repl, gpio, 0);
      into(repl, set);
      assert.ok(repl.chip.stopped, set);
      drive(repl, gpio, 1);
      repl.until(BANNER, 2000);
      ok(repl, causes, `${DEEPSLEEP} ${why}`);
      drive(repl, gpio, 0);
    }
  });

  test('keeps the RTC\'s slow and fast memory, which a power cut does not', () => {
    const repl = board();
    const set = 'machine.RTC().memory(b"kept"); machine.mem32[0x3FF81FF0]=77';
    typed(repl, `import machine; ${set}; machine.deepsleep(500)`, 100);
    repl.until(BANNER, 3000);
    ok(repl, 'import machine\nprint(machine.RTC().memory(), machine.mem32[0x3FF81FF0])', "b'kept' 77");
    const { flash } = repl.chip;
    const cold = new Repl({ flash }).boot();
    ok(cold, 'import machine\nprint(machine.RTC().memory(), machine.mem32[0x3FF81FF0])', "b'' 0");
  });

  test('lets pads float but those that are held, until their hold is off', () => {
    const repl = board();
    const { wires } = repl.chip;
    const hold = 'esp32.gpio_deep_sleep_hold(True); Pin(18, Pin.OUT, value=1, hold=True); Pin(25, Pin.OUT, value=1, hold=True); Pin(23, Pin.OUT, value=1)';
    into(repl, hold);
    assert.deepEqual([18, 25, 23].map((gpio) => wires.levels[gpio]), [1, 1, 0]);
    repl.until(BANNER, 25000);
    assert.deepEqual([18, 25, 23].map((gpio) => wires.levels[gpio]), [1, 1, 0]);
    repl.run('from machine import Pin\nPin(18, Pin.OUT, value=0)\nPin(25, Pin.OUT, value=0)');
    assert.deepEqual([18, 25].map((gpio) => wires.levels[gpio]), [1, 1], 'a held pad followed the program');
    repl.run('from machine import Pin\nPin(18, Pin.OUT, value=0, hold=False)\nPin(25, Pin.OUT, value=0, hold=False)');
    assert.deepEqual([18, 25].map((gpio) => wires.levels[gpio]), [0, 0]);
  });

  test('drops the hold of a digital pad without gpio_deep_sleep_hold', () => {
    const repl = into(board(), 'Pin(18, Pin.OUT, value=1, hold=True)');
    assert.equal(repl.chip.wires.levels[18], 0);
  });
});

test('the RTC\'s watchdog resets the chip, and rests in sleep', () => {
  const repl = board();
  const set = 'import machine\nm=machine.mem32\nR=0x3FF48000\nm[R+0xa4]=0x50d83aa1\nm[R+0x90]=150000\nm[R+0x8c]=1<<31|4<<28|1<<7\nm[R+0xa4]=0';
  repl.run(set);
  ok(repl, 'import time\ntime.sleep_ms(500)\nmachine.lightsleep(3000)\nm[R+0xa4]=0x50d83aa1\nm[R+0xa0]=1<<31\nprint(machine.reset_cause())', '1');
  typed(repl, 'while True: pass\r', 1200);
  repl.until(BANNER, 3000);
  ok(repl, 'import machine\nprint(machine.reset_cause() == machine.WDT_RESET)', 'True');
});

test('a supply below the threshold resets the chip again and again until it is back', () => {
  const repl = board();
  const starts = () => repl.notes.filter((text) => text.startsWith('core 1 starts')).length;
  repl.chip.supply(2500);
  repl.chip.run(repl.clock.nanosCounter + 1e9);
  assert.equal(starts(), 1, 'above ESP-IDF\'s threshold of 2430 mV');
  repl.chip.supply(2400);
  repl.chip.run(repl.clock.nanosCounter + 1e9);
  assert.ok(starts() > 3, `${starts()} starts`);
  repl.chip.supply(3300);
  repl.output = '';
  repl.until(BANNER, 5000);
  ok(repl, 'import machine\nprint(machine.reset_cause() == machine.PWRON_RESET)', 'True'); // MicroPython has no other cause for it
});
