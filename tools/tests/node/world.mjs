/** A world for the tests of parts: one clock for all, wires, and an air. It emulates no chip. */

import fs from 'node:fs';
import { Air } from '../../bench/sim/air/air.mjs';

/** What Python's `Region.air` gives for the bench's default; a test in Python compares them. */
export const REGION = JSON.parse(fs.readFileSync(new URL('./region.json', import.meta.url)));

const random = (state) => () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

export class World {
  constructor({ seed = 1 } = {}) {
    this.ns = 0;
    this.alarms = [];
    this.notices = [];
    this.air = new Air({ seed, region: REGION, notify: (notice) => this.notices.push(notice) });
  }

  at(ns, fn) {
    const alarm = { ns: Math.max(ns, this.ns), fn, cancel: () => (this.alarms = this.alarms.filter((other) => other !== alarm)) };
    this.alarms.push(alarm);
    return alarm;
  }

  /** Runs to an instant in us. */
  run(us) {
    for (;;) {
      const next = this.alarms.reduce((first, alarm) => (!first || alarm.ns < first.ns ? alarm : first), null);
      if (!next || next.ns > us * 1e3) break;
      this.ns = next.ns;
      next.cancel();
      next.fn();
    }
    this.ns = us * 1e3;
  }

  /** Runs `us` longer. */
  pass(us) {
    this.run(this.ns / 1e3 + us);
  }
}

/** The host of one board on that world. `refused` and `currents` keep what parts reported. */
export class Host {
  constructor(world, name = 'board', position = [100, 0]) {
    Object.assign(this, { world, name, position, air: world.air, refused: [], currents: [], received: [] });
    this.random = random([...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 7));
    this.wires = new Map();
    this.uartOpen = false;
    this.opened = [];
    this.slaves = new Map();
  }

  now() {
    return this.world.ns;
  }

  at(ns, fn) {
    return this.world.at(ns, fn);
  }

  refuse(sentence) {
    this.refused.push(sentence);
  }

  current(part, state, microamps) {
    this.currents.push({ part, state, microamps, ns: this.now() });
  }

  wire(gpio) {
    if (!this.wires.has(gpio)) this.wires.set(gpio, { chip: null, part: null, pull: 0, listeners: [], duty: [] });
    return this.wires.get(gpio);
  }

  level(gpio) {
    const { chip, part, pull } = this.wire(gpio);
    return chip ?? part ?? pull;
  }

  #change(gpio, key, level) {
    const wire = this.wire(gpio);
    const before = this.level(gpio);
    wire[key] = level;
    const after = this.level(gpio);
    if (after !== before) for (const listener of wire.listeners) listener(after, this.now());
  }

  /** The board's chip drives a pin; null: it lets go. */
  put(gpio, level) {
    this.#change(gpio, 'chip', level);
  }

  pin(gpio) {
    return {
      read: () => this.level(gpio),
      drive: (level) => this.#change(gpio, 'part', level),
      pullUp: () => this.#change(gpio, 'pull', 1),
      onChange: (fn) => this.wire(gpio).listeners.push(fn),
      onDuty: (fn) => this.wire(gpio).duty.push(fn),
    };
  }

  spi() {
    return { onTransfer: (fn) => (this.transfer = fn) };
  }

  i2c() {
    return { attach: (address, slave) => this.slaves.set(address, slave) };
  }

  uart() {
    return {
      send: (bytes, baud) => this.received.push({ bytes, baud, ns: this.now() }),
      onByte: (fn) => (this.toPart = fn),
      baud: () => 9600,
      open: () => this.uartOpen,
      onOpen: (fn) => this.opened.push(fn),
    };
  }

  listenOnUart(open) {
    this.uartOpen = open;
    if (open) for (const fn of this.opened) fn();
  }
}
