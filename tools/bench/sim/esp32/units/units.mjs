// The units of the chip at their addresses (TRM 1.3.3), offsets from 0x3FF00000.
import { RESET } from '../reset.mjs';
import { Aes } from './aes.mjs';
import { Dport, MmuTable } from './dport.mjs';
import { efuse, random } from './identity.mjs';
import { Gpio } from './gpio.mjs';
import { I2c } from './i2c.mjs';
import { Ledc } from './ledc.mjs';
import { Rtc } from './rtc.mjs';
import { Sha } from './sha.mjs';
import { Spi } from './spi.mjs';
import { SpiFlash } from './spi_flash.mjs';
import { TimerGroup } from './timers.mjs';
import { Uart } from './uart.mjs';

/** Units whose registers only keep what is written: SPI0, the radio's front end (powered down in light sleep), pads, clock gates. */
const PLAIN = [0x43000, 0x45000, 0x46000, 0x49000, 0x5c000, 0x5d000, 0x66000];
const I2S = [0x4f000, 0x6d000];
const I2S_POWER = [0xa4, 0xac]; // memory and clock, which ESP-IDF switches at every start and sleep
const REVISION_3 = [0x6607c, (1 << 31) | 0x16042000]; // APB_CTRL_DATE: its top bit is one of three that make chip revision 3

export function attachUnits(chip) {
  const { memory } = chip;
  for (const offset of PLAIN) memory.attach(offset, {});
  for (const offset of I2S) memory.attach(offset, { has: (register) => I2S_POWER.includes(register) });
  memory.io[REVISION_3[0] >> 2] = REVISION_3[1];
  const put = (offset, unit) => {
    memory.attach(offset, unit);
    return unit;
  };
  const units = {
    dport: put(0x00000, new Dport(chip)),
    mmu: [put(0x10000, new MmuTable(chip, 0)), put(0x12000, new MmuTable(chip, 1))],
    uart: [[0x40000, 34], [0x50000, 35], [0x6e000, 36]].map(([offset, source], n) => put(offset, new Uart(chip, n, offset, source))),
    aes: put(0x01000, new Aes(chip, 0x01000)),
    sha: put(0x03000, new Sha(chip, 0x03000)),
    flash: put(0x42000, new SpiFlash(chip, 0x42000)),
    gpio: put(0x44000, new Gpio(chip, 0x44000)),
    rtc: put(0x48000, new Rtc(chip, 0x48000)),
    spi: [null, put(0x64000, new Spi(chip, 0x64000, 30, chip.buses.spi[1])), put(0x65000, new Spi(chip, 0x65000, 31, chip.buses.spi[2]))],
    i2c: [[0x53000, 49], [0x67000, 50]].map(([offset, source], n) => put(offset, new I2c(chip, offset, source, chip.buses.i2c[n]))),
    ledc: put(0x59000, new Ledc(chip, 0x59000)),
    timers: [[0x5f000, 14, RESET.timerGroup0], [0x60000, 18, RESET.timerGroup1]].map(([offset, source, reset]) => put(offset, new TimerGroup(chip, offset, source, reset))),
  };
  put(0x5a000, {});
  efuse(memory, chip.uid);
  put(0x75000, random(chip));
  return units;
}
