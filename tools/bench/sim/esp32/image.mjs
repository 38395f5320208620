// The application image in flash, as the second-stage boot loader takes it: header, segments, checksum, SHA-256.
// Source: ESP-IDF, "Application image format".
import { createHash } from 'node:crypto';

const MAGIC = 0xe9;
const HEADER = 24;
const CHIP_ESP32 = 0;
const MOST_SEGMENTS = 16;
const CHECKSUM_SEED = 0xef;
const PAGE = 0x10000;
const DATA = [0x3f400000, 0x3f800000];
const CODE = [0x400d0000, 0x40400000];
const within = (a, [from, to]) => a >= from && a < to;

/** The segments of the image at `at`: {entry, segments: [{address, at, size}]}. Raises an Error that names what is wrong. */
export function readImage(flash, at) {
  const view = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
  if (flash[at] !== MAGIC) throw new Error(`no application at ${at.toString(16)} of the flash: it begins with ${flash[at].toString(16)}, not e9`);
  const count = flash[at + 1];
  const chip = view.getUint16(at + 12, true);
  if (chip !== CHIP_ESP32) throw new Error(`the application is for another chip (id ${chip}); an ESP32's has id 0`);
  if (count === 0 || count > MOST_SEGMENTS) throw new Error(`the application's header names ${count} segments: it is damaged`);
  const segments = [];
  let p = at + HEADER;
  let sum = CHECKSUM_SEED;
  for (let k = 0; k < count; k += 1) {
    const address = view.getUint32(p, true);
    const size = view.getUint32(p + 4, true);
    p += 8;
    if (p + size > flash.length) throw new Error(`the application is cut: segment ${k} ends behind the flash`);
    segments.push({ address, at: p, size });
    for (let i = 0; i < size; i += 1) sum ^= flash[p + i];
    p += size;
  }
  p = (p | 15) + 1;
  if (flash[p - 1] !== sum) throw new Error('the application\'s checksum is wrong: it is cut or damaged');
  if (flash[at + 23] === 1) {
    const digest = createHash('sha256').update(flash.subarray(at, p)).digest();
    if (!digest.equals(Buffer.from(flash.subarray(p, p + 32)))) throw new Error('the application\'s SHA-256 is wrong: it is damaged');
  }
  return { entry: view.getUint32(at + 4, true), segments };
}

/** Maps and copies the segments into a chip as the boot loader does; the entry address. RTC memory is left after deep sleep. */
export function loadApplication(chip, at) {
  const { memory, flash, kept } = chip;
  const { entry, segments } = readImage(flash.bytes, at);
  for (const { address, at: from, size } of segments) {
    if (within(address, DATA) || within(address, CODE)) map(memory, flash.bytes, address, from, size);
    else if (!kept?.memory || !isRtc(address)) for (let i = 0; i < size; i += 1) memory.w8(address + i, flash.bytes[from + i]);
  }
  return entry;
}

function map(memory, bytes, address, from, size) {
  const first = within(address, DATA) ? (address - DATA[0]) >>> 16 : 64 + ((address - 0x40000000) >>> 16);
  for (let k = 0; k * PAGE < size + (address & 0xffff); k += 1) {
    for (const core of [0, 1]) memory.map(core, first + k, (from >>> 16) + k, bytes);
  }
}

const isRtc = (a) => within(a, [0x3ff80000, 0x3ff82000]) || within(a, [0x400c0000, 0x400c2000]) || within(a, [0x50000000, 0x50002000]);
