/** Semtech SX1262, the LoRa radio; its model is in the folder sx1262. */

export { SX1262 } from '../sx1262/chip.mjs';
