// The node's flag (firmware/node/flag.py) on the emulated ESP32: what it does, and that waiting for it costs nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { Repl } from '../../bench/sim/esp32/repl.mjs';

const FIRMWARE = new URL('../../../.cache/micropython/firmware-esp32.bin', import.meta.url);
const FLAG = fs.readFileSync(new URL('../../../firmware/node/flag.py', import.meta.url), 'latin1');
const COUNT = `
async def count(flag):
    while True:
        await flag.wait()
        seen.append(time.ticks_diff(time.ticks_ms(), begun))
`;

/** Runs `steps`, the body of a coroutine, beside a task that notes (ms) when `flag` let it go on. */
function seen(steps) {
  const repl = new Repl({ firmware: FIRMWARE }).boot();
  repl.run(`${FLAG}\nimport time, machine\n${COUNT}`);
  const body = steps.map((step) => `    ${step}`).join('\n');
  const { out, error } = repl.run(`seen = []\nbegun = time.ticks_ms()\nasync def main():\n    flag = Flag()\n${body}\nasyncio.run(main())\nprint(seen)`);
  assert.equal(error, '');
  return JSON.parse(out);
}

test('a flag that is set lets its task go on once, at once, and not after clear', () => {
  const TASK = 'asyncio.create_task(count(flag))';
  const pause = (ms) => `await asyncio.sleep_ms(${ms})`;
  const [first, ...rest] = seen(['flag.set(); flag.set()', TASK, pause(100), 'flag.set(); flag.clear(); flag.clear()', pause(100)]);
  assert.ok(first < 50 && rest.length === 0, `${[first, ...rest]}`);
});

test('an interrupt sets it while every task waits', () => {
  const TIMER = 'machine.Timer(0).init(mode=machine.Timer.ONE_SHOT, period=300, callback=lambda _: flag.set())';
  const found = seen(['asyncio.create_task(count(flag))', TIMER, 'await asyncio.sleep_ms(4000)']);
  assert.equal(found.length, 1);
  assert.ok(found[0] >= 300 && found[0] <= 330, `${found} ms`); // a tick of FreeRTOS is 10 ms
});

test('waiting for two of them takes no time of the CPU, other than for those of asyncio', () => {
  const waiting = (kind) => {
    const repl = new Repl({ firmware: FIRMWARE }).boot();
    repl.run(`${FLAG}\nasync def wait(one): await one.wait()\nasync def main(count):\n` +
      `    for _ in range(count): asyncio.create_task(wait(${kind}()))\n    await asyncio.sleep(10)`);
    return [0, 2].map((count) => {
      const before = repl.chip.busyNanos;
      repl.run(`asyncio.run(main(${count}))`);
      return repl.chip.busyNanos - before;
    }).reduce((none, both) => both / none);
  };
  assert.ok(waiting('Flag') < 1.1, 'node.flag is asked in Python');
  assert.ok(waiting('asyncio.ThreadSafeFlag') > 1.2, 'asyncio has become as cheap: node.flag has no use any more');
});
