// The code of an application image, instruction by instruction: for the comparison of the decoder with a disassembler.
//
//     node tools/bench/sim/esp32/xtensa/listing.mjs FIRMWARE
import fs from 'node:fs';
import { readImage } from '../image.mjs';
import { decode } from './decode.mjs';

const FIRMWARE_AT = 0x1000; // where a file of micropython.org begins in flash
const APPLICATION = 0x10000;
const CODE = [0x40080000, 0x40400000];

/** [address, size, name, n, word] of each position of a linear walk; what is no instruction is passed by a byte. */
export function* listing(firmware) {
  const flash = new Uint8Array(APPLICATION + firmware.length + 64).fill(0xff);
  flash.set(firmware, FIRMWARE_AT);
  for (const { address, at, size } of readImage(flash, APPLICATION).segments) {
    if (address < CODE[0] || address >= CODE[1]) continue;
    for (let o = 0; o + 2 < size;) {
      const word = flash[at + o] | (flash[at + o + 1] << 8) | (flash[at + o + 2] << 16);
      const d = decode(word, address + o);
      const step = d.name === 'ill' ? 1 : d.size;
      yield [address + o, step, d.name, d.n, word];
      o += step;
    }
  }
}

if (import.meta.filename === process.argv[1]) {
  for (const one of listing(fs.readFileSync(process.argv[2]))) process.stdout.write(`${one.join(' ')}\n`);
}
