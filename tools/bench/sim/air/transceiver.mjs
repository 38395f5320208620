/** What the models of LoRa transceivers share: a chip's alarms, record and NRESET, and its modem on the air. */

import { Record } from './record.mjs';
import { symbolNs } from './time_on_air.mjs';

const RESET_PULSE_NS = 100e3; // SX1276/77/78/79 datasheet rev 7, 7.2.2; SX1261/2 datasheet, 8 (pins)

/** A chip. Its own class has `modem`, `stop()` (ends what it does) and `enter(mode)`. */
export class Transceiver {
  constructor(host, wiring) {
    Object.assign(this, { host, wiring, mode: 'off', alarms: {}, frame: null });
  }

  /** As `Record.ledger`. */
  ledger() {
    return this.modem.record.ledger(this.mode);
  }

  /** As `Record.drain`. */
  drain() {
    return this.modem.record.drain(this.mode);
  }

  /** The level of NRESET changed; start() follows its release. */
  resetPin(level, start) {
    if (this.mode === 'off') return;
    if (!level) {
      this.stop();
      this.enter('reset');
      this.resetSince = this.host.now();
    } else if (this.mode === 'reset') {
      if (this.host.now() - this.resetSince < RESET_PULSE_NS)
        this.host.refuse(`${this.constructor.name}: NRESET was low for less than 100 us`);
      start();
    }
  }

  /** fn at that instant; the alarm of that name before is cancelled. */
  alarm(name, ns, fn) {
    this.alarms[name]?.cancel();
    this.alarms[name] = this.host.at(ns, fn);
  }

  cancel(...names) {
    for (const name of names) this.alarms[name]?.cancel();
  }
}

/** A modem. Its own class has `forget()` (what a reset wipes). `last`: the last frame; `pointer`: where the next one goes. */
export class TransceiverModem {
  constructor(chip) {
    Object.assign(this, { chip, host: chip.host, tx: null, window: null, receiver: null, txEndNs: null, record: new Record() });
    this.forget();
  }

  /** Ends what runs on the air. */
  halt(result = 'stopped') {
    this.chip.cancel('begin', 'end', 'header', 'symbols', 'timer');
    if (this.tx) {
      this.host.air.cut(this.tx, this.host.now());
      this.sendingOver();
    }
    if (this.receiver) this.host.air.close(this.receiver);
    this.receiver = null;
    if (!this.window) return;
    this.record.listened({ ...this.window, end_ns: this.host.now(), result });
    this.window = null;
  }

  sendingOver() {
    this.record.sent(this.tx);
    this.txEndNs = this.tx.until_ns;
    this.tx = null;
  }

  /** A window was asked for: {symbols, sf, bw_hz, frequency_hz, timeout_ns, continuous}, see `Record.drain`. */
  begin(window) {
    const unknown = { rx_on_ns: null, end_ns: null, frames: 0, result: null };
    this.window = { tx_end_ns: this.txEndNs, set_ns: this.host.now(), ...window, ...unknown };
  }

  /** The receiver is on; frames go to `pointer`. timedOut() ends a window whose symbols bring no preamble. */
  opened(pointer, timedOut) {
    const { symbols, sf, bw_hz: bandwidth } = this.window;
    const now = this.host.now();
    this.window.rx_on_ns = now;
    this.pointer = pointer;
    if (!symbols) return;
    const end = Math.ceil(now + symbols * symbolNs(sf, bandwidth)) + 1;
    this.chip.alarm('symbols', end, () => this.receiver.locked || timedOut());
  }

  /** A frame goes to `memory`, of 256 bytes. Returns whether its CRC is wrong. */
  take(reception, memory) {
    const { payload, intact } = reception.payload();
    payload.forEach((byte, i) => (memory[(this.pointer + i) & 255] = byte));
    const { rssi_dbm: rssi, snr_db: snr, signal_dbm: signal } = reception;
    this.last = { size: payload.length, start: this.pointer, rssi, snr, signal };
    this.pointer = (this.pointer + payload.length) & 255;
    this.window.frames++;
    return reception.tx.crc && !intact;
  }
}
