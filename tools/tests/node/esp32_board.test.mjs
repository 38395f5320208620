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
