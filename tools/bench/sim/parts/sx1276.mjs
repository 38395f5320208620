/** Semtech SX1276, the LoRa radio; its model is in the folder sx1276. */

export { SX1276 } from '../sx1276/chip.mjs';
