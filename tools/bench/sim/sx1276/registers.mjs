/**
 * The registers of the SX1276 that its model knows: their value after reset, and when they may be written.
 * Source: Semtech SX1276/77/78/79 datasheet rev 7, 4.1.2 (access), 6.4 (LoRa page), 3.5.7.3 (RegImageCal); those that only
 * the errata note names: "SX1276/77/78 Errata" rev 1, 2.1 and 2.3.
 *
 * A row: [name, value after reset, access]. access: "any" (in every mode), "idle" (sleep, standby or FSTX), "none" (read only).
 */

const ROWS = {
  0x01: ['RegOpMode', 0x09, 'any'],
  0x06: ['RegFrfMsb', 0x6c, 'idle'],
  0x07: ['RegFrfMid', 0x80, 'idle'],
  0x08: ['RegFrfLsb', 0x00, 'idle'],
  0x09: ['RegPaConfig', 0x4f, 'idle'],
  0x0a: ['RegPaRamp', 0x09, 'idle'],
  0x0b: ['RegOcp', 0x2b, 'idle'],
  0x0c: ['RegLna', 0x20, 'idle'],
  0x0d: ['RegFifoAddrPtr', 0x00, 'any'],
  0x0e: ['RegFifoTxBaseAddr', 0x80, 'idle'],
  0x0f: ['RegFifoRxBaseAddr', 0x00, 'idle'],
  0x10: ['RegFifoRxCurrentAddr', 0x00, 'none'],
  0x11: ['RegIrqFlagsMask', 0x00, 'any'],
  0x12: ['RegIrqFlags', 0x00, 'any'],
  0x13: ['RegRxNbBytes', 0x00, 'none'],
  0x18: ['RegModemStat', 0x10, 'none'],
  0x19: ['RegPktSnrValue', 0x00, 'none'],
  0x1a: ['RegPktRssiValue', 0x00, 'none'],
  0x1b: ['RegRssiValue', 0x00, 'none'],
  0x1d: ['RegModemConfig1', 0x72, 'idle'],
  0x1e: ['RegModemConfig2', 0x70, 'idle'],
  0x1f: ['RegSymbTimeoutLsb', 0x64, 'idle'],
  0x20: ['RegPreambleMsb', 0x00, 'idle'],
  0x21: ['RegPreambleLsb', 0x08, 'idle'],
  0x22: ['RegPayloadLength', 0x01, 'idle'],
  0x23: ['RegMaxPayloadLength', 0xff, 'idle'],
  0x24: ['RegHopPeriod', 0x00, 'idle'],
  0x25: ['RegFifoRxByteAddr', 0x00, 'none'],
  0x26: ['RegModemConfig3', 0x04, 'idle'],
  0x2c: ['RegRssiWideband', 0x00, 'none'],
  0x2f: ['RegIfFreq1', 0x20, 'idle'],
  0x30: ['RegIfFreq2', 0x00, 'idle'],
  0x31: ['RegDetectOptimize', 0xc3, 'idle'],
  0x33: ['RegInvertIQ', 0x27, 'idle'],
  0x36: ['RegHighBwOptimize1', 0x03, 'idle'],
  0x37: ['RegDetectionThreshold', 0x0a, 'idle'],
  0x39: ['RegSyncWord', 0x12, 'idle'],
  0x3a: ['RegHighBwOptimize2', 0x52, 'idle'],
  0x3b: ['RegInvertIQ2', 0x1d, 'idle'],
  0x40: ['RegDioMapping1', 0x00, 'any'],
  0x41: ['RegDioMapping2', 0x00, 'any'],
  0x42: ['RegVersion', 0x12, 'none'],
  0x4b: ['RegTcxo', 0x09, 'idle'],
  0x4d: ['RegPaDac', 0x84, 'idle'],
};

/** Bits of RegIrqFlags. */
export const IRQ = { timeout: 0x80, rxDone: 0x40, crc: 0x20, header: 0x10, txDone: 0x08 };
export const IMAGE_CAL = { address: 0x3b, name: 'RegImageCal', start: 0x40, running: 0x20, value: 0x82 };
/** From 0x0D to 0x3F the registers are others outside LoRa mode. */
export const isPaged = (address) => address >= 0x0d && address < 0x40;

export const nameOf = (address) => ROWS[address]?.[0] ?? `register 0x${address.toString(16).padStart(2, '0')}`;
export const accessOf = (address) => ROWS[address]?.[2];

/** A chip's registers after reset. */
export function fresh() {
  const registers = new Uint8Array(128);
  for (const [address, [, value]] of Object.entries(ROWS)) registers[address] = value;
  return registers;
}
