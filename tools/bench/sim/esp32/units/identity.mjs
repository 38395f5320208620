// What makes one chip differ from another: eFuse (TRM 20) and the random number generator (TRM 24).

const EFUSE = 0x5a000;

/** CRC-8 of the MAC address as ESP-IDF checks it (polynomial 0x31, reflected). */
export function crc8(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i += 1) crc = crc & 1 ? (crc >> 1) ^ 0x8c : crc >> 1;
  }
  return crc;
}

/** BLOCK0 of a chip of revision 3 with two cores, Bluetooth, 240 MHz and a burnt reference voltage; mac: 6 bytes. */
export function efuse(memory, mac) {
  const at = (offset) => (EFUSE + offset) >> 2;
  memory.io[at(0x04)] = (mac[2] << 24) | (mac[3] << 16) | (mac[4] << 8) | mac[5];
  memory.io[at(0x08)] = (mac[0] << 8) | mac[1] | (crc8(mac) << 16);
  memory.io[at(0x0c)] = (1 << 15) | (1 << 13); // revision 1; CPU frequency rated
  memory.io[at(0x10)] = 1 << 8; // ADC reference voltage 1100 mV and 7 mV
  memory.io[at(0x14)] = 1 << 20; // revision 2 as well
}

/** RNG_DATA: another number at each read. */
export function random(chip) {
  return { read: (offset) => (offset === 0x144 ? chip.random() : undefined) };
}
