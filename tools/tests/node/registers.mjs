/** A chip with registers on I2C, as its driver uses it, on the host of `world.mjs`. */

export class Registers {
  constructor(host, address) {
    this.host = host;
    this.address = address;
  }

  /** Writes bytes from a register on; false when nothing acknowledges. */
  write(register, ...bytes) {
    const chip = this.host.slaves.get(this.address);
    if (chip.start(true) === false) return false;
    for (const byte of [register, ...bytes]) chip.write(byte);
    chip.stop();
    return true;
  }

  /** One byte, or a list of several; null when nothing acknowledges. */
  read(register, count = 1) {
    const chip = this.host.slaves.get(this.address);
    if (!this.write(register)) return null;
    chip.start(false);
    const bytes = Array.from({ length: count }, () => chip.read());
    chip.stop();
    return count === 1 ? bytes[0] : bytes;
  }
}
