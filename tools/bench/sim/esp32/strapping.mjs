// The strapping pins: what the chip reads at them when power, EN, brown-out or the RTC watchdog resets it.
// Source: ESP32 datasheet, 3 "Boot configurations"; the order of the bits: TRM 4, GPIO_STRAP_REG.
import { RESET } from './reset.mjs';

const PINS = [5, 15, 4, 2, 0, 12]; // by bit
const PULLS = { 0: 1, 2: 0, 4: 0, 5: 1, 12: 0, 15: 1 }; // inside the chip
const GPIO2 = 1 << 3;
const GPIO0 = 1 << 4;
const MTDI = 1 << 5;
/** Resets that read the pins again; after the others the old value stays. */
export const LATCHING = new Set([RESET.power, RESET.brownOut, RESET.rtcWatchdog]);

/** GPIO_STRAP_REG as the levels at the pins give it; what nothing outside drives follows its pull. */
export function strapped(wires) {
  return PINS.reduce((bits, gpio, k) => bits | ((wires.driven[gpio] ?? PULLS[gpio]) << k), 0);
}

/** Why a chip with these straps does not start what its flash holds, and who acts next; empty if it does. */
export function unbootable(strap) {
  if (strap & MTDI) return 'GPIO12 is high at reset: the chip gives its flash 1.8 V and cannot read it; put nothing on GPIO12 that drives it high while the chip is reset';
  if (strap & GPIO0) return '';
  if (strap & GPIO2) return 'GPIO0 is low and GPIO2 high at reset: the chip starts neither its flash nor the loader of the ROM; release both and reset';
  return 'GPIO0 is low at reset: the loader of the ROM waits for esptool, which the bench has no model of; give the image by MICROPYTHON_ESP32=FILE, release GPIO0 and reset';
}

/** What the ROM prints when it waits for a download; nothing where it does not. */
export const printed = (strap) => (strap & (MTDI | GPIO2) ? '' : WAITING);

const WAITING = 'rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n';
