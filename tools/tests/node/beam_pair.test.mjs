import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { BEAM_PAIR } from '../../bench/sim/parts/beam_pair.mjs';
import { Host, World } from './world.mjs';

const [OUTER, INNER] = [7, 9];
let world;
let host;

beforeEach(() => {
  world = new World();
  host = new Host(world);
});

function pair(options = {}, wiring = { pin: OUTER, pin_b: INNER, gap_mm: 300 }) {
  const part = new BEAM_PAIR(host, wiring, options);
  part.reset();
  world.pass(101e3);
  return part;
}

/** Open outputs: what a pull-up makes high. */
const open = () => [OUTER, INNER].map((gpio) => host.wire(gpio).part === null);

test('beam_pair: an output is low with light, open without, and sure 100 ms after power', () => {
  const part = new BEAM_PAIR(host, { pin: OUTER, pin_b: INNER });
  assert.deepEqual(open(), [true, true]);
  part.reset();
  world.pass(99e3);
  assert.deepEqual(open(), [true, true]);
  world.pass(2e3);
  assert.deepEqual(open(), [false, false]);
  assert.equal(host.currents.at(-1).microamps, 70000);
  part.off();
  assert.deepEqual(open(), [true, true]);
  assert.equal(host.currents.at(-1).microamps, 0);
});

test('beam_pair: a person is two legs, first at one beam, then at the other', () => {
  const part = pair({ walks: [[1e6, 1000, 'in']] });
  world.run(1.1e6);
  assert.deepEqual(open(), [true, false]);
  world.run(1.2e6);
  assert.deepEqual(open(), [false, false], 'between the legs');
  world.run(1.4e6);
  assert.deepEqual(open(), [false, true]);
  world.run(3e6);
  assert.deepEqual(part.ledger(), { inbound: 1, outbound: 0, breaks: [2, 2] });
});

test('beam_pair: one who turns round breaks the outer beam alone', () => {
  const part = pair({ walks: [[1e6, 1000, 'turn'], [5e6, 1500, 'out']] }); // prettier-ignore
  world.run(9e6);
  assert.deepEqual(part.ledger(), { inbound: 0, outbound: 1, breaks: [6, 2] });
});

test('beam_pair: blocked, brown and a cable that is out are open; a receiver that is silent never is', () => {
  const part = pair();
  for (const [values, outputs] of [
    [{ blocked: 'outer' }, [true, false]],
    [{ blocked: 'none', brown: true }, [true, true]],
    [{ brown: false, absent: true }, [true, true]],
    [{ absent: false }, [false, false]],
  ]) {
    part.set(values);
    assert.deepEqual(open(), outputs, JSON.stringify(values));
  }
  part.set({ silent: 'inner', walks: [[1e6, 1000, 'in']] });
  world.run(3e6);
  assert.deepEqual(part.ledger().breaks, [3, 1]);
});

test('beam_pair: glare breaks the beams at random', () => {
  const part = pair({ glare_per_s: 20 });
  world.run(10e6);
  const [outer, inner] = part.ledger().breaks;
  assert.ok(outer > 60 && inner > 60 && outer + inner < 280, `${outer} ${inner}`);
  part.set({ glare_per_s: 0 });
  world.pass(1e6);
  assert.equal(world.alarms.length, 0);
});

test('beam_pair: a switched supply', () => {
  pair({}, { pin: OUTER, pin_b: INNER, power: 8 });
  assert.equal(host.currents.at(-1).microamps, 0);
  host.put(8, 1);
  world.pass(101e3);
  assert.deepEqual(open(), [false, false]);
});

test('beam_pair: a fault comes and goes by a schedule', () => {
  pair({ blocked: [[0, 'none'], [1e6, 'inner'], [2e6, 'none']] }); // prettier-ignore
  world.run(1.5e6);
  assert.deepEqual(open(), [false, true]);
  world.run(2.1e6);
  assert.deepEqual(open(), [false, false]);
});
