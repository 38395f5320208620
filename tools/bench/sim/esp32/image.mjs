// An image in flash, boot loader or application, as the stage before it takes it: header, segments, checksum, SHA-256.
// Source: ESP-IDF, "Application image format"; the ids of chips: esp_app_format.h.
import { createHash } from 'node:crypto';
import { ADVICE, applicationAt } from './partitions.mjs';

export const BOOT_LOADER = 0x1000; // where a file of micropython.org begins
const CHIPS = { 2: 'ESP32-S2', 5: 'ESP32-C3', 9: 'ESP32-S3', 12: 'ESP32-C2', 13: 'ESP32-C6', 16: 'ESP32-H2', 18: 'ESP32-P4' };

const MAGIC = 0xe9;
const HEADER = 24;
const CHIP_ESP32 = 0;
const MOST_SEGMENTS = 16;
const CHECKSUM_SEED = 0xef;
const PAGE = 0x10000;
const DATA = [0x3f400000, 0x3f800000];
const CODE = [0x400d0000, 0x40400000];
const within = (a, [from, to]) => a >= from && a < to;

/** The segments of the image at `at`: {entry, segments: [{address, at, size}]}. Raises an Error that names what is wrong; `what`
 * is called by this name in it. */
export function readImage(flash, at, what = 'application') {
  const bad = (why) => new Error(`${why}: ${ADVICE}`);
  const view = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
  if (flash[at] !== MAGIC) throw bad(`there is no ${what} at ${at.toString(16)} of the flash, which has ${flash[at].toString(16)} there, not e9`);
  const count = flash[at + 1];
  const chip = view.getUint16(at + 12, true);
  if (chip !== CHIP_ESP32) throw bad(`the ${what} is for another chip (id ${chip}${chip in CHIPS ? `, ${CHIPS[chip]}` : ''}), an ESP32's has id 0`);
  if (count === 0 || count > MOST_SEGMENTS) throw bad(`the ${what} is damaged, its header names ${count} segments`);
  const segments = [];
  let p = at + HEADER;
  let sum = CHECKSUM_SEED;
  for (let k = 0; k < count; k += 1) {
    const address = view.getUint32(p, true);
    const size = view.getUint32(p + 4, true);
    p += 8;
    if (p + size > flash.length) throw bad(`the ${what} is cut, segment ${k} ends behind the flash`);
    segments.push({ address, at: p, size });
    for (let i = 0; i < size; i += 1) sum ^= flash[p + i];
    p += size;
  }
  p = (p | 15) + 1;
  if (flash[p - 1] !== sum) throw bad(`the ${what} is cut or damaged, its checksum is wrong`);
  if (flash[at + 23] === 1) {
    const digest = createHash('sha256').update(flash.subarray(at, p)).digest();
    if (!digest.equals(Buffer.from(flash.subarray(p, p + 32)))) throw bad(`the ${what} is damaged, its SHA-256 is wrong`);
  }
  return { entry: view.getUint32(at + 4, true), segments };
}

/** What the flash starts: {entry, segments, size (bytes of flash that the boot loader's header tells it to use)}. Raises an
 * Error that names what is wrong with boot loader, partition table or application, and who acts next. */
export function bootable(flash) {
  readImage(flash, BOOT_LOADER, 'boot loader');
  const size = (1 << 20) << (flash[BOOT_LOADER + 3] >>> 4);
  if (size > flash.length) {
    throw new Error(`the image is for ${size >> 20} MB of flash, the board has ${flash.length >> 20} MB: give an image for this size, or FLASH of the board file its real size`);
  }
  return { ...readImage(flash, applicationAt(flash)), size };
}

/** Maps and copies the segments into a chip as the boot loader does; the entry address. RTC memory is left after deep sleep. */
export function loadApplication({ memory, flash, kept }, { entry, segments }) {
  for (const { address, at: from, size } of segments) {
    if (within(address, DATA) || within(address, CODE)) map(memory, flash.bytes, address, from, size);
    else if (!kept?.memory || !isRtc(address)) copy(memory, flash.bytes, address, from, size);
  }
  memory.unmapRest(flash.bytes);
  return entry;
}

/** Code that is there already stays as it was translated. */
function copy(memory, bytes, address, from, size) {
  for (let i = 0; i < size; i += 1) if (memory.r8(address + i) !== bytes[from + i]) memory.w8(address + i, bytes[from + i]);
}

function map(memory, bytes, address, from, size) {
  const first = within(address, DATA) ? (address - DATA[0]) >>> 16 : 64 + ((address - 0x40000000) >>> 16);
  for (let k = 0; k * PAGE < size + (address & 0xffff); k += 1) {
    for (const core of [0, 1]) memory.map(core, first + k, (from >>> 16) + k, bytes);
  }
}

const isRtc = (a) => within(a, [0x3ff80000, 0x3ff82000]) || within(a, [0x400c0000, 0x400c2000]) || within(a, [0x50000000, 0x50002000]);
