// The order in which boards step, with boards that only keep time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock } from '../../bench/sim/chip/clock.mjs';
import { Scheduler } from '../../bench/sim/scheduler.mjs';

const MS = 1e6;

/** A board that is busy all the time, 10 us at a time, or idle but for its alarms. */
class Fake {
  constructor(name, busy, world) {
    Object.assign(this, { name, busy, world, clock: new Clock(), chip: { until: 0 }, lead: 0 });
  }

  wakesAt() {
    return this.busy ? this.clock.nanosCounter : this.clock.nextNanos;
  }

  run(until) {
    this.chip.until = until;
    while (this.clock.nanosCounter < this.chip.until) {
      const next = this.busy ? this.clock.nanosCounter + 10_000 : this.clock.nextNanos;
      this.clock.advance(Math.min(next, this.chip.until));
      const others = this.world.boards.filter((other) => other !== this && other.busy).map((other) => other.clock.nanosCounter);
      this.lead = Math.max(this.lead, this.clock.nanosCounter - Math.min(...others));
    }
  }
}

/** An air that passes every frame to its gateway at its end. */
function air() {
  const table = [];
  return {
    table,
    transmit(row) {
      table.push(row);
      return row;
    },
    heard(until) {
      return table.splice(0).filter((row) => row.end_ns <= until || !table.push(row));
    },
  };
}

function world(...busy) {
  const made = new Scheduler(air());
  busy.forEach((each, i) => made.add(new Fake(`board${i}`, each, made)));
  return made;
}

test('busy boards stay within a millisecond of each other', () => {
  const made = world(true, true, true);

  const { nanos } = made.step(50 * MS);

  assert.equal(nanos, 50 * MS);
  for (const board of made.boards) assert.ok(board.lead <= MS, `${board.name} led by ${board.lead} ns`);
  for (const board of made.boards) assert.equal(board.clock.nanosCounter, 50 * MS);
});

test('idle boards cost one turn each', () => {
  const made = world(false, false, false);

  made.step(3600e9);

  assert.ok(made.turns <= 3);
  for (const board of made.boards) assert.equal(board.clock.nanosCounter, 3600e9);
});

test('a step stops when a frame ends, with every board there and none beyond', () => {
  const made = world(false, true);
  const [sender] = made.boards;
  sender.clock.at(10 * MS, () => made.air.transmit({ end_ns: 71_500_001 }));

  const first = made.step(1000 * MS);

  assert.equal(first.nanos, 71_501_000); // the end, rounded up to a microsecond
  assert.equal(first.heard.length, 1);
  for (const board of made.boards) assert.ok(board.clock.nanosCounter - first.nanos <= 10_000);
  assert.equal(made.step(1000 * MS).nanos, 1000 * MS);
});

test('a sender that sleeps on past its own frame is stopped at its end', () => {
  const made = world(false);
  const [sender] = made.boards;
  sender.clock.at(10 * MS, () => made.air.transmit({ end_ns: 70 * MS }));
  sender.clock.at(500 * MS, () => {});

  const { nanos } = made.step(1000 * MS);

  assert.equal(nanos, 70 * MS);
  assert.equal(sender.clock.nanosCounter, 70 * MS);
});

test('a board that is woken by another acts before the other gets ahead of it', () => {
  const made = world(true, false);
  const [busy, idle] = made.boards;
  let seen = null;
  busy.clock.at(5 * MS, () => idle.clock.at(6 * MS, () => (seen = busy.clock.nanosCounter)));

  made.step(100 * MS);

  assert.ok(seen >= 6 * MS && seen <= 7 * MS + 10_000, `woken at ${seen}`);
});

test('a board ahead of the world is an error that names it', () => {
  const made = world(true, true);
  made.boards[1].clock.nanosCounter = 30 * MS;

  assert.throws(() => made.step(10 * MS), /board1 ran 20000000 ns ahead of the world/);
});
