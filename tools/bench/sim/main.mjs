// The world's process: JSON requests on stdin, one a line; replies and notices on stdout. Python (tools.bench.world.simulation)
// drives it; nothing happens between requests, so a trace of the requests holds every input.
import fs from 'node:fs';
import readline from 'node:readline';
import zlib from 'node:zlib';
import { Board } from './chip/board.mjs';
import { Cache } from './chip/cache.mjs';
import { Esp32Board } from './esp32/board.mjs';
import { Scheduler } from './scheduler.mjs';

const packed = (bytes) => zlib.deflateSync(bytes, { level: 1 }).toString('base64');
const unpacked = (text) => zlib.inflateSync(Buffer.from(text, 'base64'));

/** By the MCU of a board file. */
const BOARDS = { RP2040: Board, ESP32: Esp32Board };

const METHODS = ['set', 'reset', 'off', 'ledger'];

/** The class of a part's file. Throws a sentence for a file that holds none. */
async function model(module) {
  const Part = Object.values(await import(module)).find((value) => value.BUS);
  if (!Part) throw new Error(`${module} exports no class with a static BUS`);
  const missing = METHODS.filter((name) => typeof Part.prototype[name] !== 'function');
  if (missing.length) throw new Error(`${module}: ${Part.name} lacks ${missing.join(', ')}`);
  return Part;
}

class World {
  constructor() {
    this.boards = new Map();
    this.scheduler = null;
    this.air = null;
  }

  notify(notice) {
    process.stdout.write(`${JSON.stringify(notice)}\n`);
  }

  board(name) {
    const board = this.boards.get(name);
    if (!board) throw new Error(`there is no board ${name} in this world`);
    return board;
  }

  // ---- requests ----

  async open({ seed, firmware, cache_model: cacheModel, region }) {
    this.seed = seed;
    this.firmware = Object.fromEntries(Object.entries(firmware).map(([mcu, path]) => [mcu, fs.readFileSync(path)]));
    this.cacheModel = cacheModel;
    const { Air } = await import('./air/air.mjs');
    this.air = new Air({ seed, region, notify: (notice) => this.notify(notice) });
    this.scheduler = new Scheduler(this.air);
    return {};
  }

  async add_board({ name, wiring, flash, position, usb, power, parts, ppm }) {
    if (this.boards.has(name)) throw new Error(`there is a board ${name} already`);
    const image = flash ? unpacked(flash) : null;
    const setup = { name, wiring, position, usb, ppm, firmware: this.firmware[wiring.MCU], flash: image };
    if (this.cacheModel) setup.cache = () => new Cache();
    const board = new BOARDS[wiring.MCU](this, setup, this.scheduler.nanos);
    for (const { chip, module, wiring: pins, options } of parts) board.addPart(chip, await model(module), pins, options);
    this.boards.set(name, board);
    this.scheduler.add(board);
    if (power) board.power(true);
    return {};
  }

  add_radio_gateway({ gateway_id: id, position, options }) {
    this.air.addRadioGateway(id, position, options ?? {});
    return {};
  }

  step({ until_us: until }) {
    const { nanos, heard } = this.scheduler.step(until * 1000);
    this.air.collect(nanos);
    for (const board of this.boards.values()) this.flushSerial(board);
    const frames = heard.map((frame) => ({ ...frame, payload: Buffer.from(frame.payload).toString('base64') }));
    return { now_us: Math.round(nanos / 1000), heard: frames };
  }

  flushSerial(board) {
    if (!board.serial.length) return;
    const data = Buffer.concat(board.serial).toString('base64');
    board.serial.length = 0;
    board.tell('serial', { data, time_us: board.micros });
  }

  transmit({ gateway_id: id, downlink }) {
    const { time_us: time, payload, ...rest } = downlink;
    const frame = { ...rest, payload: Buffer.from(payload, 'base64'), time_ns: time === null ? null : time * 1000 };
    return { status: this.air.radioGatewayTransmit(id, frame, this.scheduler.nanos) };
  }

  air_set({ values }) {
    this.air.set(values);
    return {};
  }

  write({ board, data }) {
    this.board(board).usb.send(Buffer.from(data, 'base64'));
    return {};
  }

  power({ board, on }) {
    this.board(board).power(on);
    this.flushSerial(this.board(board));
    return {};
  }

  cut_power({ board, ...cut }) {
    this.board(board).cutPower(cut);
    return {};
  }

  flash({ board }) {
    return { flash: packed(this.board(board).fileSystem()) };
  }

  set_flash({ board, flash }) {
    this.board(board).replaceFileSystem(unpacked(flash));
    return {};
  }

  reading({ board, on }) {
    this.board(board).usb.read(on);
    return {};
  }

  usb({ board, plugged }) {
    this.board(board).plug(plugged);
    return {};
  }

  lines({ board, dtr, rts }) {
    this.board(board).lines({ dtr, rts });
    this.flushSerial(this.board(board));
    return {};
  }

  duty({ board, gpio, window_us: window }) {
    return { duty: this.board(board).duty(gpio, window * 1000) };
  }

  set({ board, part, values }) {
    this.board(board).set(part, values);
    return {};
  }

  ledger({ board }) {
    return this.board(board).ledger();
  }

  drain({ board, part }) {
    return this.board(board).part(part).drain();
  }
}

const REQUESTS = new Set([
  'open', 'add_board', 'add_radio_gateway', 'step', 'transmit', 'air_set', 'write', 'power', 'cut_power', 'flash', 'set_flash',
  'reading', 'usb', 'lines', 'duty', 'set', 'ledger', 'drain',
]);

async function answer(world, line) {
  const { id, op, ...values } = JSON.parse(line);
  try {
    if (!REQUESTS.has(op)) throw new Error(`the world does not know the request ${op}`);
    return { id, ok: await world[op](values) };
  } catch (error) {
    if (error instanceof TypeError || error instanceof ReferenceError) process.stderr.write(`${error.stack}\n`);
    return { id, error: error.message };
  }
}

// Python has ended.
process.stdout.on('error', () => process.exit(0));

const world = new World();
for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(`${JSON.stringify(await answer(world, line))}\n`);
}
