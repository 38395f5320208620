/** An I2C part whose registers are words of 16 bits: a pointer of one byte, then pairs of bytes at that pointer. */

import { I2cPart } from './i2c_part.mjs';

export class I2cWords extends I2cPart {
  /** As of `I2cPart`; low_first: which byte goes first. A subclass has restart(), readWord(register), writeWord(register, word), draw(). */
  constructor(host, wiring, { lowFirst, ...more }, options) {
    super(host, wiring, { ...more, autoIncrement: () => false }, options);
    this.lowFirst = lowFirst;
    this.half = null;
  }

  /** As of `I2cPart`, which asks at each start of a transfer: a byte left over from the one before is forgotten. */
  present() {
    this.half = null;
    return super.present();
  }

  readRegister(index) {
    if (this.half !== null) {
      const second = this.half;
      this.half = null;
      return second;
    }
    const word = this.readWord(index);
    const [low, high] = [word & 0xff, word >> 8];
    this.half = this.lowFirst ? high : low;
    return this.lowFirst ? low : high;
  }

  writeRegister(index, byte) {
    if (this.half === null) {
      this.half = byte;
      return;
    }
    const word = this.lowFirst ? this.half | (byte << 8) : (this.half << 8) | byte;
    this.half = null;
    this.writeWord(index, word);
  }
}
