/**
 * What parts with registers on I2C share: the address, an index of 8 bits that counts on, the supply with its switch, and the
 * faults of a field installation.
 */

import { HeldSda } from './held_sda.mjs';
import { Supplied } from './supply.mjs';
import { Surroundings } from './surroundings.mjs';

/** Values of `set` that every such part has. */
const FAULTS = { absent: false, brown: false, stuck: false };
const BROWN_UA = 300; // what leaks while the supply is too low to work: assumed

export class I2cPart extends Supplied {
  static BUS = 'i2c';

  /**
   * name: of the chip, as in the ledger. addresses: those that its pins can give, the first is usual. around: {value: default}.
   * boot_ns: from power to the first acknowledgement. A subclass has restart(), readRegister(index), writeRegister(index, byte),
   * draw() -> [state, uA].
   */
  constructor(host, wiring, { name, addresses, around, bootNs = 0, autoIncrement = () => true }, options) {
    const address = wiring.addr ?? addresses[0];
    if (!addresses.includes(address)) {
      const known = addresses.map((one) => `0x${one.toString(16)}`).join(' or ');
      throw new Error(`${name} at address ${address}: its pins give ${known}`);
    }
    super(host, wiring);
    Object.assign(this, { name, bootNs, autoIncrement, since: 0, browned: false });
    this.around = new Surroundings(name, { ...FAULTS, ...around });
    this.sda = new HeldSda(host, wiring);
    this.set(options);
    this.restart();
    host.i2c(wiring.i2c).attach(address, {
      start: (write) => this.#start(write),
      write: (byte) => this.#write(byte),
      read: () => this.readRegister(this.#next()) & 0xff,
      stop: () => {},
    });
  }

  /**
   * values: the part's own, and absent (unplugged: no acknowledgement), brown (the supply sags: no acknowledgement, and the
   * registers are lost), stuck (the last result again and again), sda_held (it was left inside a byte: it holds SDA low until SCL
   * rose so many times, 1 to 9).
   */
  set({ sda_held: held = 0, ...values }) {
    this.around.set(values);
    if (this.supply.board) this.present();
    if (held) this.sda.hold(held);
  }

  get(value) {
    return this.around.get(value, this.host.now());
  }

  supplied(came) {
    if (came) this.#started();
    if (!this.supply.on) this.restart();
    this.show();
  }

  #started() {
    this.since = this.host.now();
    this.restart();
  }

  /** Does it acknowledge now? A supply that sagged, or a cable that was out, starts it anew. */
  present() {
    const gone = this.get('brown') || this.get('absent');
    if (gone && !this.browned) this.restart();
    if (!gone && this.browned) this.#started();
    if (gone !== this.browned) {
      this.browned = gone;
      this.show();
    }
    return this.supply.on && !gone && !this.sda.times && this.host.now() - this.since >= this.bootNs;
  }

  show() {
    const [state, microamps] = !this.supply.on || this.get('absent') ? ['off', 0] : this.get('brown') ? ['brown', BROWN_UA] : this.draw();
    this.host.current(this.name, state, microamps);
  }

  #start(write) {
    if (!this.present()) return false;
    if (write) this.fresh = true;
    return true;
  }

  #write(byte) {
    if (this.fresh) {
      this.fresh = false;
      this.index = byte;
      return true;
    }
    this.writeRegister(this.#next(), byte);
    return true;
  }

  #next() {
    const index = this.index;
    if (this.autoIncrement(index)) this.index = (index + 1) & 0xff;
    return index;
  }

  refuse(sentence) {
    this.host.refuse(`${this.name.toUpperCase()}: ${sentence}`);
  }
}
