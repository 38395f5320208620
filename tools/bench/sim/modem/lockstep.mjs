// The modem alone, in a time that its user moves: a JSON request a line on stdin, an answer each. For tests of a driver without a board.
// {"ms": 20, "data": base64} moves the time after the bytes came; {"key": 0 | 1}; {"set": {...}}; {"ledger": true}. Socket answers are
// waited for in real time, at most WAIT_MS for each step of the time.
import readline from 'node:readline';
import { Modem } from './modem.mjs';

const WAIT_MS = 2000;
const LONG_MS = 20; // a longer step gives the far end `patience` ms of real time to say something
const alarms = [];
const charge = { state: 'off', microamps: 0, since: 0, uas: 0 };
let now = 0;
let out = [];

const world = {
  now: () => now,
  at: (nanos, callback) => {
    const alarm = { nanos, callback, cancel: () => alarms.splice(alarms.indexOf(alarm), alarms.includes(alarm) ? 1 : 0) };
    alarms.push(alarm);
    return alarm;
  },
  send: (bytes) => out.push(...bytes),
  current: (state, microamps) => {
    charge.uas += (charge.microamps * (now - charge.since)) / 1e9;
    Object.assign(charge, { state, microamps, since: now });
  },
};

const modem = new Modem(world, JSON.parse(process.argv[2] ?? '{}'));

const turn = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function run(ms, patience) {
  const until = now + ms * 1e6;
  for (let waited = 0; modem.waiting && waited < WAIT_MS; waited += 1) await turn(1);
  const most = ms > LONG_MS ? patience : 0;
  for (let waited = 0; modem.mqtt?.up && !modem.events.length && waited < most; waited += 1) await turn(1);
  if (modem.mqtt?.up) await new Promise(setImmediate);
  for (;;) {
    const next = alarms.reduce((low, one) => (one.nanos <= until && (!low || one.nanos < low.nanos) ? one : low), null);
    if (!next) break;
    next.cancel();
    now = Math.max(now, next.nanos);
    next.callback();
  }
  now = until;
}

async function answer({ ms, data, key, set, ledger, patience = 50 }) {
  if (key !== undefined) modem.key(key);
  if (set) modem.set(set);
  for (const byte of Buffer.from(data ?? '', 'base64')) modem.line.receive(byte);
  if (ms) await run(ms, patience);
  const bytes = Buffer.from(out).toString('base64');
  out = [];
  world.current(charge.state, charge.microamps);
  return { data: bytes, ...(ledger ? { ledger: { ...modem.ledger(), uas: charge.uas } } : {}) };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
process.exit(0);
