/**
 * The part of the SX1276 that sends and receives: packets, windows, and the record of them.
 * Source: Semtech SX1276/77/78/79 datasheet rev 7, 2.5 (times, sensitivity), 3.4 (amplifiers), 4.1 (LoRa modem), 5.5.5 (RSSI);
 * Semtech's errata note; RegInvertIQ as chips have it (micropython-lib, sx127x.py: the datasheet has the bit of TX reversed).
 * What has no number there is assumed and marked so.
 */

import { TransceiverModem } from '../air/transceiver.mjs';
import { txMicroamps } from './current.mjs';
import { IRQ } from './registers.mjs';

const BANDWIDTHS_HZ = [7812.5, 10417, 15625, 20833, 31250, 41667, 62500, 125000, 250000, 500000];
const RAMP_NS = [3.4e6, 2e6, 1e6, 500e3, 250e3, 125e3, 100e3, 62e3, 50e3, 40e3, 31e3, 25e3, 20e3, 15e3, 12e3, 10e3];
const SEND_NS = 120e3; // TS_TR, table 9, of FSK
const RECEIVE_NS = 94e3; // TS_RE, table 8, of FSK with a bandwidth of 200 kHz; taken for LoRa
const HF_HZ = 779e6; // band 1 is above, with the receiver's port for it
const RSSI_DBM = -157; // 5.5.5, band 1
const NOISE_FIGURE_DB = { boosted: 7, saving: 8 }; // boosted from -136 dBm at SF12 and 125 kHz; 1 dB between them assumed
const NOT_THERE_DB = 30; // nothing is at RFO; assumed
const IQ_DB = 10; // RegInvertIQ2 does not fit; assumed
const WIDE_DB = 3; // errata 2.1: "sensitivity" at 500 kHz; assumed
const LEAST_SYMBOLS = 4;
const NOTHING = { size: 0, start: 0, rssi: 0, snr: 0 };

export class Modem extends TransceiverModem {
  /** What a reset wipes. */
  forget() {
    Object.assign(this, { last: NOTHING, pointer: 0, stat: 0 });
  }

  halt(result) {
    this.stat = 0;
    super.halt(result);
  }

  /** The value of a register that the modem makes; undefined for others. */
  live(address) {
    const { size, start, rssi, snr } = this.last;
    const clip = (value) => Math.max(0, Math.min(255, Math.round(value)));
    const made = {
      0x10: () => start,
      0x13: () => size,
      0x18: () => this.stat || 0x10,
      0x19: () => Math.max(-128, Math.min(127, Math.round(4 * snr))) & 255,
      0x1a: () => clip(snr < 0 ? rssi - RSSI_DBM : ((rssi - RSSI_DBM) * 15) / 16),
      0x1b: () => (this.receiver ? clip(this.host.air.level(this.receiver, this.host.now()) - RSSI_DBM) : 0),
      0x2c: () => (this.receiver ? Math.floor(this.host.random() * 256) : 0),
    };
    return made[address]?.();
  }

  // --- settings --------------------------------------------------------------------------------------------------

  #modulation() {
    const r = this.chip.registers;
    const inverted = this.chip.mode === 'tx' ? !(r[0x33] & 1) : Boolean(r[0x33] & 0x40);
    return {
      sf: r[0x1e] >> 4,
      bandwidth_hz: BANDWIDTHS_HZ[r[0x1d] >> 4],
      code_rate: ((r[0x1d] >> 1) & 7) + 4,
      ldro: Boolean(r[0x26] & 8),
      preamble: (r[0x20] << 8) | r[0x21],
      implicit: Boolean(r[0x1d] & 1),
      crc: Boolean(r[0x1e] & 4),
      inverted,
      sync: ((r[0x39] & 0xf0) << 8) | ((r[0x39] & 0x0f) << 4) | 0x0404, // as the SX1262 writes the same word
      frequency_hz: this.chip.frequency(),
    };
  }

  /** dB lost on either way, each reason noted. */
  #losses({ bandwidth_hz: bandwidth, inverted, frequency_hz: hz }) {
    const r = this.chip.registers;
    const wide = bandwidth === 500000;
    const fits = {
      'the image was not calibrated for this band (3.5.7.3)': this.chip.imageHz >= HF_HZ === hz >= HF_HZ,
      'RegInvertIQ2 does not fit RegInvertIQ': r[0x3b] === (inverted ? 0x19 : 0x1d),
      '0x36 and 0x3A do not fit the bandwidth (errata 2.1)': wide ? r[0x36] === 0x02 && r[0x3a] === 0x64 : r[0x36] === 0x03,
    };
    const [, iq, wideFits] = Object.values(fits);
    for (const [text, fit] of Object.entries(fits)) if (!fit) this.record.note(text);
    return (iq ? 0 : IQ_DB) + (wideFits ? 0 : WIDE_DB);
  }

  /** What the other erratum asks of a receiver. */
  #spurious({ bandwidth_hz: bandwidth }) {
    const r = this.chip.registers;
    const automatic = Boolean(r[0x31] & 0x80);
    const right = bandwidth === 500000 ? automatic : !automatic && r[0x2f] === 0x40 && r[0x30] === 0;
    if (!right) this.record.note('0x31, 0x2F and 0x30 do not fit the bandwidth (errata 2.3)');
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  /** Power at the antenna in dBm: by the amplifier, and by what over-current protection leaves (3.4). */
  conductedDbm() {
    const r = this.chip.registers;
    const high = r[0x4d] === 0x87;
    const asked = r[0x09] & 0x0f;
    if (!(r[0x09] & 0x80)) return 10.8 + 0.6 * ((r[0x09] >> 4) & 7) - 15 + asked - NOT_THERE_DB;
    let dbm = asked + (high ? 5 : 2);
    const trim = r[0x0b] & 0x1f;
    const most = trim < 16 ? 45 + 5 * trim : Math.min(-30 + 10 * trim, 240);
    while (r[0x0b] & 0x20 && dbm > -4 && txMicroamps(dbm, high) - txMicroamps(-99, high) > most * 1e3) dbm--;
    return dbm;
  }

  startTx(ns) {
    if (!(this.chip.registers[0x09] & 0x80)) this.record.note('the antenna is at PA_BOOST, not at RFO');
    this.chip.alarm('begin', this.host.now() + ns + SEND_NS + RAMP_NS[this.chip.registers[0x0a] & 15], () => this.#send());
  }

  #send() {
    const modulation = this.#modulation();
    const [base, size] = [this.chip.registers[0x0e], this.chip.registers[0x22]];
    this.tx = this.host.air.transmit({
      ...modulation,
      payload: Uint8Array.from({ length: size }, (_, i) => this.chip.fifo[(base + i) & 255]),
      from: this.host.name,
      position: this.host.position,
      at_ns: this.host.now(),
      power_dbm: this.conductedDbm(),
      snr_loss_db: this.#losses(modulation),
    });
    this.chip.alarm('end', this.tx.end_ns, () => {
      this.sendingOver();
      this.chip.toStandby();
      this.chip.raise(IRQ.txDone);
    });
  }

  // --- receiving ---------------------------------------------------------------------------------------------------

  startRx(ns, continuous) {
    const r = this.chip.registers;
    const { sf, bandwidth_hz, frequency_hz } = this.#modulation();
    const symbols = continuous ? 0 : ((r[0x1e] & 3) << 8) | r[0x1f];
    if (!continuous && symbols < LEAST_SYMBOLS) this.chip.fail(`a symbol time-out of ${symbols}: 4 to 1023 are allowed`);
    this.begin({
      symbols,
      sf,
      bw_hz: bandwidth_hz,
      frequency_hz,
      timeout_ns: null,
      continuous,
    });
    this.chip.alarm('begin', this.host.now() + ns + RECEIVE_NS, () => this.#open());
  }

  #open() {
    const modulation = this.#modulation();
    this.opened(this.chip.registers[0x0f], () => this.#over('timeout', IRQ.timeout));
    this.#spurious(modulation);
    this.receiver = this.host.air.listen({
      ...modulation,
      name: this.host.name,
      position: this.host.position,
      open_ns: this.host.now(),
      noiseFigure: NOISE_FIGURE_DB[this.chip.boosted ? 'boosted' : 'saving'] + this.#losses(modulation),
      at: (ns, fn) => this.host.at(ns, fn),
      onLock: (reception) => {
        this.stat = 0x07;
        this.chip.alarm('header', Math.ceil(reception.tx.header_ns), () => this.#header(reception));
      },
    });
  }

  /** A header whose CRC is wrong raises nothing, and the modem searches on without its time-out (assumed). */
  #header(reception) {
    if (!reception.headerOk()) {
      this.stat = 0x04;
      this.host.air.release(this.receiver, this.host.now());
      return;
    }
    this.stat = 0x0f;
    this.chip.raise(IRQ.header);
    this.chip.alarm('end', reception.tx.end_ns, () => this.#received(reception));
  }

  #received(reception) {
    const broken = this.take(reception, this.chip.fifo);
    const flags = IRQ.rxDone | (broken ? IRQ.crc : 0);
    if (!this.window.continuous) return this.#over(broken ? 'crc' : 'frame', flags);
    this.stat = 0x04;
    this.host.air.release(this.receiver, this.host.now());
    return this.chip.raise(flags);
  }

  #over(result, flags) {
    this.halt(result);
    this.chip.toStandby();
    this.chip.raise(flags);
  }
}
