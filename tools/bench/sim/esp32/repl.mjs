// A bare ESP32 and the raw REPL of its MicroPython, in virtual time: for tests and measurements.
import fs from 'node:fs';
import { Clock } from '../chip/clock.mjs';
import { Flash } from '../chip/flash.mjs';
import { hash } from '../random.mjs';
import { generator } from '../chip/xorshift.mjs';
import { Esp32 } from './chip.mjs';
import { BOOT_LOADER } from './image.mjs';

const FLASH_BYTES = 4 << 20;
const PROMPT = '>>> ';

/** An empty flash with the firmware (bytes of the file as micropython.org gives it). */
export function flashWith(firmware) {
  const bytes = new Uint8Array(FLASH_BYTES).fill(0xff);
  bytes.set(firmware, BOOT_LOADER);
  return new Flash(bytes, FLASH_BYTES);
}

export class Repl {
  /** options: {firmware (path), flash, seed, mac, cached (false: reading flash takes no time)}. */
  constructor({ firmware, flash = flashWith(fs.readFileSync(firmware)), seed = 1, mac = [0x24, 0x0a, 0xc4, 0, 0, 1], cached = true }) {
    const next = generator(hash(`esp32 ${seed}`));
    this.clock = new Clock();
    this.notes = [];
    this.output = '';
    this.chip = new Esp32({ cached, clock: this.clock, flash, uid: mac, random: next, note: (text) => this.notes.push(text), board: this });
    this.queue = [];
    this.arrival = this.clock.createAlarm(() => this.arrive());
  }

  onChipBoot(chip) {
    chip.units.uart[0].onByte = (byte) => { this.output += String.fromCharCode(byte); };
  }

  onChipLockUp(sentence) {
    this.notes.push(sentence);
  }

  refuse(part, sentence) {
    this.notes.push(`${part}: ${sentence}`);
  }

  type(text) {
    this.queue.push(...Buffer.from(text, 'latin1'));
    if (!this.arrival.scheduled) this.arrival.schedule(this.chip.units.uart[0].frameNanos);
  }

  arrive() {
    this.chip.units.uart[0].receive(this.queue.shift());
    if (this.queue.length) this.arrival.schedule(this.chip.units.uart[0].frameNanos);
  }

  /** Runs until the output ends with `text`; throws after so many virtual milliseconds. */
  until(text, milliseconds = 10000) {
    const end = this.clock.nanosCounter + milliseconds * 1e6;
    while (!this.output.endsWith(text)) {
      if (this.clock.nanosCounter >= end) throw new Error(`no ${JSON.stringify(text)} in ${milliseconds} ms: ${JSON.stringify(this.output.slice(-800))}; ${this.notes.slice(-5)}`);
      this.chip.run(this.clock.nanosCounter + 1e6);
    }
    return this;
  }

  boot() {
    return this.until(PROMPT);
  }

  /** Runs Python; {out, error}. */
  run(code, milliseconds = 60000) {
    this.output = '';
    this.type('\r\x03\x03\x01');
    this.until('raw REPL; CTRL-B to exit\r\n>');
    this.output = '';
    this.type(`${code}\x04`);
    this.until('\x04>', milliseconds + code.length);
    const [out, error] = this.output.slice(2, -2).split('\x04');
    this.output = '';
    this.type('\x02');
    this.until(PROMPT);
    return { out: out.replaceAll('\r\n', '\n').trim(), error: error.trim() };
  }
}
