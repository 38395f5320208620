/**
 * Semtech SX1262 with a clock: pins, SPI framing, BUSY, modes and sleep. Its commands are a table
 * (commands.mjs), sending and receiving is beside it (modem.mjs). LoRa only. What the datasheet
 * forbids is refused with a reason and not carried out.
 * Source: Semtech SX1261/2 datasheet, chapters 8 (pins), 9 (modes), 13 (commands); BUSY times also in
 * ST RM0453, table 33 (the same radio).
 */

import { Transceiver } from '../air/transceiver.mjs';
import { COMMANDS } from './commands.mjs';
import { stateMicroamps, txMicroamps } from './current.mjs';
import { Modem } from './modem.mjs';

const WRITE_NS = 20e3; // BUSY after a command that only sets something; assumed
const READ_NS = 2e3; // assumed
const ASLEEP_NS = 500e3; // no SPI for so long after SetSleep: 13.1.1
const WAKE_NS = { warm: 340e3, cold: 3.5e6 };
const SWITCH_NS = {
  stdby_rc: { stdby_xosc: 31e3, fs: 50e3, tx: 126e3, rx: 83e3, cad: 83e3 },
  stdby_xosc: { fs: 40e3, tx: 105e3, rx: 62e3, cad: 62e3 },
  fs: { tx: 76e3, rx: 41e3, cad: 41e3 },
  rx: { fs: 15e3, tx: 92e3, rx: 41e3 },
  tx: { rx: 41e3 },
};
const MODE_BITS = { stdby_rc: 2, stdby_xosc: 3, fs: 4, rx: 5, cad: 5, tx: 6 };
const STATUS = { none: 1, data: 2, timeout: 3, error: 4, failed: 5, sent: 6 }; // 1 is "reserved", and what chips answer
const REGISTERS = { 0x736: 0x0d, 0x740: 0x14, 0x741: 0x24, 0x889: 0x01, 0x8ac: 0x94, 0x8d8: 0xc8, 0x8e7: 0x18 };
const XOSC_START_ERR = 0x20;
const OPTIONS = ['tcxo_start_us', 'antenna_mismatched'];

export class SX1262 extends Transceiver {
  static BUS = 'spi';

  /** wiring: {spi, nss, busy, reset, dio1, tcxo_mv, rf_switch, antenna?, rxen?, txen?}. options: as `set`. */
  constructor(host, wiring, options = {}) {
    super(host, wiring);
    this.options = { tcxo_start_us: 1000, antenna_mismatched: false };
    this.set(options);
    this.modem = new Modem(this);
    this.#wipe();
    this.pins = Object.fromEntries(['nss', 'busy', 'reset', 'dio1'].map((name) => [name, host.pin(wiring[name])]));
    const inputs = ['antenna', 'rxen', 'txen'].filter((name) => wiring[name] !== undefined);
    this.switch = Object.fromEntries(inputs.map((name) => [name, host.pin(wiring[name])]));
    this.pins.nss.onChange((level) => (level ? this.#deselect() : this.#select()));
    this.pins.reset.onChange((level) => this.resetPin(level, () => this.reset()));
    host.spi(wiring.spi).onTransfer((byte) => this.#transfer(byte));
  }

  /** values: {antenna_mismatched: bool, tcxo_start_us: int}. Raises Error for another name. */
  set(values) {
    for (const [key, value] of Object.entries(values)) {
      if (!OPTIONS.includes(key)) throw new Error(`sx1262 has no "${key}"; it has ${OPTIONS.join(', ')}`);
      this.options[key] = value;
    }
  }

  /** Power on, or NRESET released: the chip starts and calibrates itself, BUSY is high for 3.5 ms. */
  reset() {
    this.stop();
    this.#wipe();
    this.updateDio1();
    this.enter('stdby_rc');
    this.#busyFor(WAKE_NS.cold, null);
  }

  /** Power is gone. */
  off() {
    this.stop();
    this.pins.busy.drive(null);
    this.pins.dio1.drive(null);
    this.enter('off');
  }

  // --- pins and SPI ----------------------------------------------------------------------------------------------

  #select() {
    this.frame = [];
    this.deaf = this.mode === 'off' || this.mode === 'reset';
    if (this.mode !== 'sleep') return;
    this.deaf = true; // what is clocked while it wakes is lost
    if (this.host.now() - this.sleepSince < ASLEEP_NS) this.host.refuse('SX1262: NSS fell within 500 us after SetSleep');
    if (!this.warm) this.#wipe();
    if (this.wiring.tcxo_mv) this.errors |= XOSC_START_ERR; // it starts without DIO3 and fails: seen after warm sleep too
    const ns = this.warm ? WAKE_NS.warm : WAKE_NS.cold;
    this.enter('stdby_rc');
    this.#busyFor(ns, null);
  }

  #transfer(byte) {
    if (!this.frame) return 0xff;
    const at = this.frame.push(byte) - 1;
    if (at === 0 && this.busy && !this.deaf) {
      this.host.refuse(`SX1262: ${nameOf(byte)} was sent while BUSY was high`);
      this.deaf = true;
    }
    if (this.deaf) return 0;
    const { skip = 2, reply } = COMMANDS[this.frame[0]] ?? {};
    return reply && at >= skip ? reply(this, this.frame, at - skip) : this.#status();
  }

  #deselect() {
    const frame = this.frame;
    this.frame = null;
    if (!frame?.length || this.deaf) return;
    const command = COMMANDS[frame[0]];
    const before = this.mode;
    this.result = STATUS.none;
    this.onReady = null;
    const ns = this.#legal(command, frame) ? command.run?.(this, frame) : undefined;
    this.before = command?.name;
    if (this.mode === 'sleep') return;
    this.shownMode = this.mode === 'rx' || this.mode === 'tx' ? before : this.mode; // the next status read still shows the mode before
    this.#busyFor(ns ?? (command?.run ? WRITE_NS : READ_NS), this.onReady);
  }

  #legal(command, bytes) {
    if (!command) return this.fail(`opcode ${hex(bytes[0])} does not exist`, 'error');
    if (!command.modes.length) return this.fail(`${command.name} is not modelled`);
    if (bytes.length < command.size)
      return this.fail(`${command.name} takes ${command.size} bytes, ${bytes.length} came`, 'error');
    if (!command.modes.includes(this.mode)) return this.fail(`${command.name} is not allowed in ${this.mode}`);
    return true;
  }

  /** The command is not carried out and the refusal reported. Returns false. */
  fail(sentence, status = 'failed') {
    this.result = STATUS[status];
    this.host.refuse(`SX1262: ${sentence}`);
    return false;
  }

  /** Modes and results: bit 7 is set on chips although the datasheet calls it reserved (0xA2, 0xA6, 0xAC are seen). */
  #status() {
    return 0x80 | (MODE_BITS[this.shownMode] << 4) | (this.result << 1);
  }

  // --- modes -------------------------------------------------------------------------------------------------------

  #wipe() {
    const tcxo = Boolean(this.wiring.tcxo_mv);
    this.registers = new Uint8Array(0x1000);
    for (const [address, value] of Object.entries(REGISTERS)) this.registers[address] = value;
    this.buffer = new Uint8Array(256);
    this.config = {
      lora: false,
      modulation: null,
      packet: null,
      frequency_hz: null,
      pa: null,
      power: null,
      rampNs: 0,
      fallback: 'stdby_rc',
      stopOnPreamble: false,
      symbols: 0,
      dcdc: false,
      rfSwitch: false,
      txBase: 0,
      rxBase: 0,
      cad: null,
    };
    Object.assign(this, {
      irq: 0,
      irqMask: 0,
      dio1Mask: 0,
      result: STATUS.none,
      shownMode: 'stdby_rc',
      tcxoDelayNs: null,
      warm: false,
      busy: false,
      onReady: null,
      before: null,
      errors: tcxo ? XOSC_START_ERR : 0,
      calibrated: !tcxo,
      imageMhz: [902, 928],
    });
    this.modem.forget();
  }

  enter(mode) {
    this.mode = mode;
    this.shownMode = mode;
    const state = mode === 'sleep' ? (this.warm ? 'warm' : 'cold') : mode === 'cad' ? 'rx' : mode;
    const supply = { dcdc: this.config.dcdc, boosted: this.registers[0x8ac] === 0x96 };
    const ua = mode === 'tx' ? txMicroamps(this.modem.conductedDbm(), supply.dcdc) : stateMicroamps(state, supply);
    this.host.current('sx1262', state, ua);
  }

  /** Goes to another mode and returns the ns it takes. */
  change(mode) {
    const ns = this.startNs() + (SWITCH_NS[this.mode]?.[mode] ?? WRITE_NS);
    this.modem.halt();
    this.enter(mode);
    return ns;
  }

  /** The chip went to another mode by itself, and its status gives the reason: data, timeout, sent, none. */
  done(result, mode) {
    this.enter(mode);
    this.result = STATUS[result];
  }

  #busyFor(ns, then) {
    this.busy = true;
    this.pins.busy.drive(1);
    this.alarm('busy', this.host.now() + ns, () => {
      this.busy = false;
      this.pins.busy.drive(0);
      then?.();
    });
  }

  stop() {
    this.modem.halt();
    this.cancel('busy');
    this.frame = null;
  }

  tcxoMissing() {
    return Boolean(this.wiring.tcxo_mv) && this.tcxoDelayNs === null;
  }

  /** ns the oscillator needs from here on; 0 when it runs, or starts within the switching times. */
  startNs() {
    return this.wiring.tcxo_mv && this.mode === 'stdby_rc' ? this.tcxoDelayNs : 0;
  }

  /** Whether the oscillator will run for command `name`; refuses and notes the device error if not. */
  oscillator(name) {
    if (this.mode !== 'stdby_rc' || !this.wiring.tcxo_mv) return true;
    const { tcxoDelayNs: given, options } = this;
    if (given !== null && given >= options.tcxo_start_us * 1e3) return true;
    this.errors |= XOSC_START_ERR;
    const why =
      given === null
        ? 'before SetDIO3AsTcxoCtrl'
        : `with a TCXO delay of ${given / 1e3} us, it needs ${options.tcxo_start_us} us`;
    return this.fail(`${name} ${why}: XOSC_START_ERR`);
  }

  /** SetSleep. Warm keeps the configuration; the buffer is lost, and the RX gain unless it is in the retention list (9.6). */
  sleep(warm) {
    this.stop();
    Object.assign(this, { warm, sleepSince: this.host.now(), irq: 0, busy: true });
    this.buffer.fill(0);
    const gainKept = this.registers[0x29f] >= 1 && this.registers[0x2a0] === 0x08 && this.registers[0x2a1] === 0xac;
    if (!gainKept) this.registers[0x8ac] = REGISTERS[0x8ac];
    this.updateDio1();
    this.pins.busy.drive(1);
    this.enter('sleep');
  }

  /** SetStandby and SetFs. Returns ns, undefined when refused. */
  standby(mode, name) {
    if (mode !== 'stdby_rc' && !this.oscillator(name)) return undefined;
    const ns = mode === 'stdby_rc' ? WRITE_NS : this.startNs() + (SWITCH_NS[this.mode]?.[mode] ?? WRITE_NS);
    this.modem.halt();
    this.enter(mode);
    return ns;
  }

  /** Interrupts: only those of IrqMask are noted, and only those of Dio1Mask reach the pin (13.3.1). */
  raise(bits) {
    this.irq |= bits & this.irqMask;
    this.updateDio1();
  }

  updateDio1() {
    this.pins.dio1.drive(this.irq & this.dio1Mask ? 1 : 0);
  }
}

const hex = (opcode) => `0x${opcode.toString(16).padStart(2, '0')}`;
const nameOf = (opcode) => `${COMMANDS[opcode]?.name ?? 'opcode'} (${hex(opcode)})`;
