// A board with an ESP32: auto-reset lines, strapping pins, EN.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { Esp32Board } from '../../bench/sim/esp32/board.mjs';
import { autoReset } from '../../bench/sim/esp32/serial.mjs';

const firmware = fs.readFileSync(new URL('../../../.cache/micropython/firmware-esp32.bin', import.meta.url));
const WIRING = { MCU: 'ESP32', FLASH: { size: 4 << 20, fs_offset: 0x200000, fs_size: 0x200000 }, PINS: {} };

function board(options = {}) {
  const notices = [];
  const made = new Esp32Board({ seed: 1, notify: (notice) => notices.push(notice) }, { name: 'node', wiring: WIRING, firmware, ...options }, 0);
  made.notices = notices;
  made.said = () => Buffer.concat(made.serial).toString('latin1');
  made.sleep = (seconds) => made.run(made.clock.nanosCounter + seconds * 1e9);
  return made;
}

const of = (made, event) => made.notices.filter((notice) => notice.event === event);

test('RTS alone resets, DTR alone pulls GPIO0 low, both or neither do nothing', () => {
  assert.deepEqual(autoReset({ dtr: false, rts: true }), { enable: false, boot: true });
  assert.deepEqual(autoReset({ dtr: true, rts: false }), { enable: true, boot: false });
  for (const both of [true, false]) assert.deepEqual(autoReset({ dtr: both, rts: both }), { enable: true, boot: true });
});

test('EN by RTS holds the chip and starts it again as from power', () => {
  const made = board();
  made.power(true);
  made.sleep(0.5);
  made.lines({ dtr: false, rts: true });
  const busy = made.ledger().cpu_busy_us;
  made.sleep(1);
  assert.equal(made.ledger().cpu_busy_us, busy);
  made.lines({ dtr: false, rts: false });
  made.sleep(0.5);
  assert.equal(made.said().split('>>> ').length - 1, 2);
  assert.deepEqual(of(made, 'reset').map(({ cause }) => cause), ['enable']);
  made.usb.send(Buffer.from('import machine; print(machine.reset_cause())\r'));
  made.sleep(0.2);
  assert.match(made.said(), /\r\n1\r\n>>> $/); // PWRON_RESET
});

test('reset with GPIO0 low waits for a download, and says who has to act', () => {
  const made = board();
  made.power(true);
  made.lines({ dtr: false, rts: true });
  made.lines({ dtr: true, rts: false }); // esptool's sequence
  made.sleep(0.5);
  assert.match(made.said(), /DOWNLOAD_BOOT\(UART0\/UART1\/SDIO_REI_REO_V2\)\)\r\nwaiting for download\r\n$/);
  assert.match(of(made, 'locked')[0].sentence, /GPIO0 is low at reset.*release GPIO0 and reset/);
  made.lines({ dtr: false, rts: true });
  made.lines({ dtr: false, rts: false });
  made.sleep(0.5);
  assert.match(made.said(), />>> $/);
});

test('a part on a strapping pin decides at reset whether the chip starts', () => {
  for (const [gpio, sentence] of [[12, /GPIO12 is high at reset: the chip gives its flash 1.8 V/], [2, /^$/], [15, /^$/]]) {
    const made = board();
    made.pins.drive(gpio, 1);
    made.power(true);
    made.sleep(0.5);
    assert.match(of(made, 'locked').map((notice) => notice.sentence).join(), sentence);
    assert.equal(made.said().includes('>>> '), gpio !== 12);
  }
});

test('a flash operation under way ends, whatever resets the chip', () => {
  const made = board();
  made.power(true);
  made.sleep(0.5);
  made.usb.send(Buffer.from('import esp32; p=esp32.Partition.find(esp32.Partition.TYPE_DATA)[-1]; p.writeblocks(100,b"x"*4096)\r'));
  const { flash } = made;
  for (let k = 0; !made.chip.units.flash.under && k < 5000; k += 1) made.sleep(1e-4);
  const before = flash.operations;
  made.lines({ dtr: false, rts: true });
  assert.equal(flash.operations, before + 1);
});

/** The firmware with a change; offsets are those in flash. */
function changed(change) {
  const bytes = Uint8Array.from(firmware);
  change((at, ...values) => bytes.set(values.flat(), at - 0x1000), bytes);
  return bytes;
}

/** A partition table: [type, subtype, offset, size, label] each, without its MD5. */
const table = (...rows) => [...rows.flatMap(([type, subtype, offset, size, label]) => {
  const row = Buffer.alloc(32);
  row.set([0xaa, 0x50, type, subtype]);
  row.writeUInt32LE(offset, 4);
  row.writeUInt32LE(size, 8);
  row.write(label, 12, 'latin1');
  return [...row];
}), ...new Array(32).fill(0xff)];

const VFS = [1, 0x81, 0x200000, 0x200000, 'vfs'];
const whole = (...rows) => changed((put, bytes) => {
  bytes.fill(0xff, 0x7000, 0x7c00);
  put(0x8000, table(...rows));
});

test('an image that the chip does not start is refused when the board is made, with who acts next', () => {
  const cases = [
    [changed((put) => put(0x100c, 9)), /the boot loader is for another chip \(id 9, ESP32-S3\), an ESP32's has id 0: write a whole ESP32_GENERIC/],
    [changed((put) => put(0x1200, 0)), /the boot loader is cut or damaged, its checksum is wrong/],
    [changed((put) => [put(0x1003, 0x30), put(0x1017, 0)]), // 8 MB, no SHA-256
       /the image is for 8 MB of flash, the board has 4 MB: give an image/],
    [changed((put) => put(0x800c, 0x77)), /the partition table at 8000 of the flash is damaged \(its MD5 is wrong\)/],
    [changed((put, bytes) => bytes.fill(0xff, 0x7000, 0x8000)), /there is no partition table at 8000 of the flash \(ffff at 8000\)/],
    [firmware.subarray(0, 0x9000), /there is no application at 10000 of the flash, which has ff/],
    [firmware.subarray(0, 0x90000), /the application is cut, segment \d ends behind the flash/],
    [new Uint8Array(4 << 20), /the image has 4194304 bytes, the flash 4194304: give an image for this size/],
    [whole([1, 2, 0x9000, 0x6000, 'nvs'], VFS), /the partition table names no application \(it has nvs, vfs\)/],
    [whole([0, 0, 0x10000, 0x1f0000, 'factory'], [1, 0x81, 0x200000, 0x600000, 'vfs']), /the partition vfs ends at 800000, the flash at 400000: give an image/],
    [whole([0, 0, 0x10000, 0x1f0000, 'factory'], [1, 0x81, 0x210000, 0x1f0000, 'vfs']), /file system at 210000, 1f0000 bytes, FLASH of the board file at 200000, 200000 bytes: give/],
    [whole([0, 0, 0x10000, 0x1f0000, 'factory']), /file system nowhere \(no partition vfs\), FLASH of the board file at 200000/],
  ];
  for (const [image, sentence] of cases) assert.throws(() => board({ firmware: image }), sentence);
});

test('of two slots the one starts that the OTA data choose, and the first without them', () => {
  const slots = [[1, 0, 0x9000, 0x2000, 'otadata'], [0, 0x10, 0x10000, 0x1f0000, 'ota_0'], [0, 0x11, 0x11000, 0x1000, 'ota_1'], VFS];
  board({ firmware: whole(...slots) });
  const second = whole(...slots);
  second.set([2, 0, 0, 0], 0x8000);
  second.set([0x74, 0x37, 0xf6, 0x55], 0x801c); // CRC-32 of the 2, begun with 0xFFFFFFFF
  assert.throws(() => board({ firmware: second }), /there is no application at 11000/);
  second.set([0], 0x801c); // not whole: it does not count
  board({ firmware: second });
});

test('an image uses as much of the flash as it names', () => {
  const FLASH = { ...WIRING.FLASH, size: 16 << 20 };
  for (const [code, megabytes] of [[0x20, 4], [0x40, 16]]) {
    const image = changed((put) => [put(0x1003, code), put(0x1017, 0)]);
    const made = board({ wiring: { ...WIRING, FLASH }, firmware: image });
    made.power(true);
    made.sleep(0.7);
    made.usb.send(Buffer.from('import esp; print(esp.flash_size() >> 20)\r'));
    made.sleep(0.3);
    assert.match(made.said(), new RegExp(`\r\n${megabytes}\r\n>>> $`));
  }
});

test('a boot loader that a power cut has torn says so at the next start, and an image written again heals it', () => {
  const made = board();
  made.flash.interrupt({ kind: 'erase', at: 0x1000, data: null }, true);
  made.power(true);
  made.sleep(0.2);
  assert.match(of(made, 'locked')[0].sentence, /there is no boot loader at 1000 of the flash, which has ff there, not e9: write a whole/);
  made.power(false);
  made.flash.bytes.set(firmware, 0x1000);
  made.power(true);
  made.sleep(0.5);
  assert.match(made.said(), />>> $/);
});

/** A board that has run, written a file and lost its power. */
function used() {
  const made = board();
  made.power(true);
  made.sleep(0.7);
  made.usb.send(Buffer.from('f=open("kept","w"); f.write("all"); f.close()\r'));
  made.sleep(0.5);
  made.power(false);
  made.serial.length = 0;
  return made;
}

const ask = (made, code, seconds = 0.3) => {
  made.usb.send(Buffer.from(`${code}\r`));
  made.sleep(seconds);
  return made.said();
};

test('a torn page of NVS and a damaged one are put right by ESP-IDF at the next start', () => {
  for (const damage of [(flash) => flash.interrupt({ kind: 'erase', at: 0x9000, data: null }, true), (flash) => flash.bytes.fill(0x5a, 0x9000, 0xf000)]) {
    const made = used();
    damage(made.flash);
    made.power(true);
    made.sleep(1.5);
    assert.match(ask(made, 'import esp32; n=esp32.NVS("x"); n.set_i32("a",7); n.commit(); print(n.get_i32("a"), open("kept").read())', 0.6), /\r\n7 all\r\n>>> $/);
  }
});

test('one torn superblock of littlefs loses nothing, two are said by MicroPython', () => {
  const made = used();
  made.flash.interrupt({ kind: 'erase', at: 0x200000, data: null }, true);
  made.power(true);
  made.sleep(0.7);
  assert.match(ask(made, 'print(open("kept").read())'), /\r\nall\r\n>>> $/);
  made.power(false);
  for (const at of [0x200000, 0x201000]) made.flash.bytes.fill(0x5a, at, at + 0x1000);
  made.serial.length = 0;
  made.power(true);
  made.sleep(4);
  assert.match(made.said(), /filesystem appears to be corrupted/);
});

test('a program that spins with interrupts off is reset by the interrupt watchdog, and the panic is printed', () => {
  const made = used();
  made.power(true);
  made.sleep(0.7);
  made.usb.send(Buffer.from('import machine; exec("s=machine.disable_irq()\\nwhile True: pass")\r'));
  made.sleep(3);
  assert.match(made.said(), /Guru Meditation Error: Core +1 panic'ed \(Interrupt wdt timeout on CPU1\)[^]*Backtrace: 0x/);
  assert.ok(of(made, 'reset').length >= 1);
  assert.match(ask(made, 'print(open("kept").read())'), /\r\nall\r\n>>> $/);
});

test('pins that the chip has not, and outputs at inputs, are refused by MicroPython', () => {
  const made = used();
  made.power(true);
  made.sleep(0.7);
  for (const code of ['Pin(24)', 'Pin(40)', 'Pin(34, Pin.OUT)', 'PWM(Pin(36))']) assert.match(ask(made, `from machine import *; ${code}`), /Error: [^\r]*\r\n>>> $/, code);
});

test('a program that starts Wi-Fi or Bluetooth stops with a sentence, not with a panic; Wi-Fi that stays off does not', () => {
  for (const [code, name] of [['import network; network.WLAN(network.STA_IF).active(True)', 'Wi-Fi'], ['import bluetooth; bluetooth.BLE().active(True)', 'Bluetooth']]) {
    const made = used();
    made.power(true);
    made.sleep(0.7);
    assert.doesNotMatch(ask(made, code, 2), /Guru Meditation/);
    assert.deepEqual(of(made, 'locked').map(({ sentence }) => sentence), [`the program starts ${name}, of which the bench has no model: leave it off on this board, or run it on a real one`]);
  }
  const made = used();
  made.power(true);
  made.sleep(0.7);
  assert.match(ask(made, 'import network; w=network.WLAN(network.STA_IF); w.active(False); print(w.active())', 1), /\r\nFalse\r\n>>> $/);
  assert.deepEqual(of(made, 'locked'), []);
});

test('a unit without a model is named once and its accesses are counted', () => {
  const made = board();
  made.power(true);
  made.sleep(0.7);
  ask(made, 'import machine; machine.lightsleep(100)', 0.3);
  assert.deepEqual(made.ledger().unknown, {});
  ask(made, 'import esp32; from machine import Pin; r=esp32.RMT(0,pin=Pin(4)); r.write_pulses((100,200))', 0.5);
  assert.equal(of(made, 'note').filter(({ text }) => /^no model of RMT at 3ff56/.test(text)).length, 1);
  assert.ok(made.ledger().unknown.RMT > 20);
});
