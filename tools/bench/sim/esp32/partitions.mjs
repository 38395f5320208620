// The partition table in flash, and which application the second-stage boot loader starts.
// Source: ESP-IDF, "Partition Tables" and "Over The Air Updates".
import { createHash } from 'node:crypto';
import zlib from 'node:zlib';

const TABLE = 0x8000;
const TABLE_BYTES = 0xc00;
const ENTRY = 32;
const MAGIC = 0x50aa;
const DIGEST = 0xebeb;
const END = 0xffff;
const APPLICATION = 0;
const DATA = 1;
const FACTORY = 0x00;
const OTA_0 = 0x10;
const OTA_LAST = 0x1f;
const OTA_DATA = 0x00; // subtype of data
const SECTOR = 4096;
/** The next step where a flash does not start. */
export const ADVICE = 'write a whole ESP32_GENERIC image again (MICROPYTHON_ESP32=FILE)';
const hex = (value) => value.toString(16);

/** [{label, type, subtype, offset, size}]. Raises an Error that names what is wrong and who acts next. */
export function readPartitions(flash) {
  const view = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
  const found = [];
  for (let at = TABLE; at < TABLE + TABLE_BYTES; at += ENTRY) {
    const magic = view.getUint16(at, true);
    if (magic === END && found.length) return found;
    if (magic === DIGEST) checkDigest(flash, at);
    else if (magic === MAGIC) found.push(entry(flash, view, at));
    else throw new Error(`there is no partition table at ${hex(TABLE)} of the flash (${hex(magic)} at ${hex(at)}): ${ADVICE}`);
  }
  return found;
}

function entry(flash, view, at) {
  const label = Buffer.from(flash.subarray(at + 12, at + 28)).toString('latin1').replace(/\0.*$/s, '');
  const partition = { label, type: flash[at + 2], subtype: flash[at + 3], offset: view.getUint32(at + 4, true), size: view.getUint32(at + 8, true) };
  const end = partition.offset + partition.size;
  if (end > flash.length) {
    throw new Error(`the partition ${label} ends at ${hex(end)}, the flash at ${hex(flash.length)}: give an image for a flash of this size, or the board file's FLASH its real size`);
  }
  return partition;
}

function checkDigest(flash, at) {
  const digest = createHash('md5').update(flash.subarray(TABLE, at)).digest();
  if (!digest.equals(Buffer.from(flash.subarray(at + 16, at + ENTRY)))) throw new Error(`the partition table at ${hex(TABLE)} of the flash is damaged (its MD5 is wrong): ${ADVICE}`);
}

/** Where the application lies that the boot loader starts: what the OTA data choose, else the factory's, else the first. */
export function applicationAt(flash) {
  const partitions = readPartitions(flash);
  const slots = partitions.filter(({ type, subtype }) => type === APPLICATION && subtype >= OTA_0 && subtype <= OTA_LAST);
  const data = partitions.find(({ type, subtype }) => type === DATA && subtype === OTA_DATA);
  const sequence = data && slots.length ? chosen(flash, data.offset) : 0;
  const factory = partitions.find(({ type, subtype }) => type === APPLICATION && subtype === FACTORY);
  const found = sequence ? slots[(sequence - 1) % slots.length] : factory ?? slots[0];
  if (!found) throw new Error(`the partition table names no application (it has ${partitions.map(({ label }) => label).join(', ')}): ${ADVICE}`);
  return found.offset;
}

/** The higher sequence number of the two that are whole; 0 where none is. */
function chosen(flash, at) {
  const view = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
  const numbers = [at, at + SECTOR].map((copy) => {
    const sequence = view.getUint32(copy, true);
    const whole = sequence !== 0xffffffff && view.getUint32(copy + 28, true) === crc(flash.subarray(copy, copy + 4));
    return whole ? sequence : 0;
  });
  return Math.max(...numbers);
}

/** The ROM's crc32_le as the boot loader calls it, with 0xFFFFFFFF to begin. */
const crc = (bytes) => zlib.crc32(bytes, 0xffffffff);

/** Throws where the file system's place in the table is not the board file's FLASH. */
export function checkFileSystem(flash, { fs_offset: offset, fs_size: size }) {
  const partitions = readPartitions(flash);
  const vfs = partitions.find(({ type, label }) => type === DATA && label === 'vfs');
  if (vfs && vfs.offset === offset && vfs.size === size) return;
  const there = vfs ? `at ${hex(vfs.offset)}, ${hex(vfs.size)} bytes` : 'nowhere (no partition vfs)';
  throw new Error(`the image has its file system ${there}, FLASH of the board file at ${hex(offset)}, ${hex(size)} bytes: give an image of this layout, or correct FLASH`);
}
