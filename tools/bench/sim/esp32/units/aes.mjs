// The AES accelerator (TRM 22): one block, in place.
import { createCipheriv, createDecipheriv } from 'node:crypto';

const R = { start: 0x00, idle: 0x04, mode: 0x08, key: 0x10, text: 0x30 };
const DECRYPT = 4;
const KEY_BITS = [128, 192, 256];

export class Aes {
  constructor(chip, offset) {
    const { io } = chip.memory;
    this.io = chip.memory.registers(offset);
    this.bytes = new Uint8Array(io.buffer, io.byteOffset + offset, 0x100);
  }

  read(offset) {
    return offset === R.idle ? 1 : undefined;
  }

  write(offset, value) {
    if (offset !== R.start) return false;
    if (value & 1) this.run();
    return true;
  }

  run() {
    const mode = this.io[R.mode >> 2];
    const bits = KEY_BITS[mode & 3];
    const make = mode & DECRYPT ? createDecipheriv : createCipheriv;
    const engine = make(`aes-${bits}-ecb`, this.bytes.slice(R.key, R.key + bits / 8), null).setAutoPadding(false);
    this.bytes.set(engine.update(this.bytes.slice(R.text, R.text + 16)), R.text);
  }
}
