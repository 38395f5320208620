/**
 * The part of the SX1262 that sends and receives: packets, windows, time-outs, CAD, and the record of them.
 * Source: Semtech SX1261/2 datasheet, 6.1 (LoRa), 7.2 (buffer), 13.1 (SetTx, SetRx, SetCad), 15 (limitations).
 * What 15 calls "some loss" has no number there; the sizes here are assumed and marked so.
 */

import { symbolNs } from '../air/time_on_air.mjs';
import { TransceiverModem } from '../air/transceiver.mjs';
import { txMicroamps } from './current.mjs';

const TICK_NS = 15625;
const CONTINUOUS = 0xffffff;
const IRQ = {
  txDone: 1,
  rxDone: 2,
  preamble: 4,
  sync: 8,
  header: 16,
  headerError: 32,
  crc: 64,
  cadDone: 128,
  cadFound: 256,
  timeout: 512,
};
const PA_DBM = { '4,7': 22, '3,5': 20, '2,3': 17, '2,2': 14 }; // table 13-21: what SetTxParams 22 gives
const NO_SWITCH_DB = 30; // the antenna is not connected; assumed
const CLAMP_DB = 5; // 15.2: 5 to 6 dB less into a mismatched antenna
const NOISE_FIGURE_DB = { boosted: 6.5, saving: 9 }; // boosted from table 3-8, 2.5 dB between them assumed
const IQ_SAFE_BYTES = 24; // with 0x0736 wrong every packet this long is lost, shorter ones in proportion; assumed
const IQ_SEND_DB = 10; // assumed
const WIDE_SEND_DB = 3; // assumed
const NOTHING = { size: 0, start: 0, rssi: 0, snr: 0, signal: 0 };

export class Modem extends TransceiverModem {
  /** What a reset or a cold start wipes. */
  forget() {
    Object.assign(this, { last: NOTHING, stats: [0, 0, 0], pointer: 0 });
  }

  note(text) {
    this.record.note(text);
  }

  #ready(name) {
    const { modulation, packet, frequency_hz: hz } = this.chip.config;
    const missing = !modulation ? 'SetModulationParams' : !packet ? 'SetPacketParams' : hz === null ? 'SetRfFrequency' : null;
    if (missing) return this.chip.fail(`${name} before ${missing}`);
    if (!this.chip.oscillator(name)) return false;
    if (!this.chip.calibrated) this.note('not calibrated since the TCXO was set (9.2.1)');
    const [low, high] = this.chip.imageMhz;
    if (hz < low * 1e6 || hz > high * 1e6) this.note('image not calibrated for this band');
    return true;
  }

  #syncWord() {
    return (this.chip.registers[0x740] << 8) | this.chip.registers[0x741];
  }

  /** dB lost because the antenna switch of this board has no supply, or does not point the way of `sends`. */
  #switchLoss(sends) {
    const { rf_switch } = this.chip.wiring;
    const wanted = { antenna: 1, txen: sends ? 1 : 0, rxen: sends ? 0 : 1 };
    const wrong = Object.keys(wanted).filter((name) => this.chip.switch[name] && this.chip.switch[name].read() !== wanted[name]);
    for (const name of wrong) this.note(`${name} is ${1 - wanted[name]} while the radio ${sends ? 'sends' : 'receives'}`);
    const idle = rf_switch === 'dio2' && !this.chip.config.rfSwitch;
    if (idle) this.note('the RF switch was not given to DIO2');
    return idle || wrong.length ? NO_SWITCH_DB : 0;
  }

  #iqWrong() {
    const wrong = Boolean(this.chip.registers[0x736] & 4) === this.chip.config.packet.inverted;
    if (wrong) this.note('0x0736 bit 2 does not fit the IQ setting (15.4)');
    return wrong;
  }

  // --- sending -------------------------------------------------------------------------------------------------

  /** Returns ns until the preamble begins, undefined when refused. timeoutNs: 0 = none. */
  startTx(timeoutNs) {
    if (!this.#ready('SetTx')) return undefined;
    const { pa, power, rampNs } = this.chip.config;
    if (!pa || power === null) return this.chip.fail('SetTx before SetPaConfig and SetTxParams') || undefined;
    const ns = this.chip.change('tx') + rampNs;
    this.chip.onReady = () => this.#send(timeoutNs);
    return ns;
  }

  /** Power at the antenna pin in dBm: PA configuration, over-current protection, and the clamp of 15.2. */
  conductedDbm() {
    const { pa, power, dcdc } = this.chip.config;
    let dbm = power + (PA_DBM[`${pa.duty},${pa.hp}`] ?? PA_DBM['2,2']) - 22;
    while (dbm > -9 && txMicroamps(dbm, dcdc) > this.chip.registers[0x8e7] * 2500) dbm--;
    const clamped = (this.chip.registers[0x8d8] & 0x1e) !== 0x1e;
    return clamped && this.chip.options.antenna_mismatched ? dbm - CLAMP_DB : dbm;
  }

  #send(timeoutNs) {
    const { modulation, packet, txBase, frequency_hz } = this.chip.config;
    const payload = Uint8Array.from({ length: packet.size }, (_, i) => this.chip.buffer[(txBase + i) & 255]);
    this.tx = this.host.air.transmit({
      ...modulation,
      ...packet,
      payload,
      frequency_hz,
      from: this.host.name,
      position: this.host.position,
      at_ns: this.host.now(),
      sync: this.#syncWord(),
      power_dbm: this.conductedDbm() - this.#switchLoss(true),
      snr_loss_db: this.#sendLoss(),
    });
    this.chip.alarm('end', this.tx.end_ns, () => this.#sent());
    if (timeoutNs) this.chip.alarm('timer', this.host.now() + timeoutNs, () => this.#timedOut());
  }

  #sendLoss() {
    const wide = this.chip.config.modulation.bandwidth_hz === 500000;
    const bit = Boolean(this.chip.registers[0x889] & 4);
    if (wide === bit) this.note('0x0889 bit 2 does not fit the bandwidth (15.1)');
    if ((this.chip.registers[0x8d8] & 0x1e) !== 0x1e) this.note('0x08D8 was not set after start (15.2)');
    return (this.#iqWrong() ? IQ_SEND_DB : 0) + (wide && bit ? WIDE_SEND_DB : 0);
  }

  #sent() {
    this.chip.cancel('timer');
    this.sendingOver();
    this.chip.done('sent', this.chip.config.fallback);
    this.chip.raise(IRQ.txDone);
  }

  // --- receiving -----------------------------------------------------------------------------------------------

  /** ticks: 15.625 us each; 0 = one packet without limit, 0xFFFFFF = continuous. Returns ns until RX is on. */
  startRx(ticks) {
    if (!this.#ready('SetRx')) return undefined;
    const ns = this.chip.change('rx');
    const { modulation, frequency_hz, symbols } = this.chip.config;
    const continuous = ticks === CONTINUOUS;
    this.begin({
      symbols,
      sf: modulation.sf,
      bw_hz: modulation.bandwidth_hz,
      frequency_hz,
      timeout_ns: continuous || !ticks ? null : ticks * TICK_NS,
      continuous,
    });
    this.chip.onReady = () => this.#open();
    return ns;
  }

  #listener(onLock) {
    const { modulation, packet, frequency_hz } = this.chip.config;
    const figure = NOISE_FIGURE_DB[this.chip.registers[0x8ac] === 0x96 ? 'boosted' : 'saving'] + this.#switchLoss(false);
    return {
      name: this.host.name,
      position: this.host.position,
      open_ns: this.host.now(),
      frequency_hz,
      sf: modulation.sf,
      bandwidth_hz: modulation.bandwidth_hz,
      ldro: modulation.ldro,
      inverted: packet.inverted,
      implicit: packet.implicit,
      sync: this.#syncWord(),
      noiseFigure: figure,
      at: (ns, fn) => this.host.at(ns, fn),
      onLock,
    };
  }

  #open() {
    const timeout = this.window.timeout_ns;
    this.opened(this.chip.config.rxBase, () => this.#timedOut());
    if (timeout) this.chip.alarm('timer', this.host.now() + timeout, () => this.#timedOut());
    this.receiver = this.host.air.listen(this.#listener((reception) => this.#locked(reception)));
  }

  #locked(reception) {
    if (this.chip.config.stopOnPreamble) this.chip.cancel('timer');
    this.chip.raise(IRQ.preamble);
    this.chip.alarm('header', Math.ceil(reception.tx.header_ns), () => this.#header(reception));
  }

  #header(reception) {
    const lostByIq = this.#iqWrong() && this.host.random() < reception.tx.payload.length / IQ_SAFE_BYTES;
    if (lostByIq || !reception.headerOk()) {
      this.stats[2]++;
      this.#next('header');
      this.chip.raise(IRQ.headerError);
      return;
    }
    this.chip.cancel('timer', 'symbols');
    this.chip.raise(IRQ.sync | IRQ.header);
    this.chip.alarm('end', reception.tx.end_ns, () => this.#received(reception));
  }

  #received(reception) {
    const broken = this.take(reception, this.chip.buffer);
    this.stats[0]++;
    if (broken) this.stats[1]++;
    this.#next(broken ? 'crc' : 'frame');
    this.chip.raise(IRQ.rxDone | (broken ? IRQ.crc : 0));
  }

  /** After a packet: on to the next one, or a single reception is over. */
  #next(result) {
    if (this.window.continuous) {
      this.chip.result = 2;
      this.host.air.release(this.receiver, this.host.now());
      return;
    }
    this.halt(result);
    this.chip.done('data', this.chip.config.fallback);
  }

  #timedOut() {
    this.halt('timeout');
    this.chip.done('timeout', 'stdby_rc');
    this.chip.raise(IRQ.timeout);
  }

  // --- measuring the channel -----------------------------------------------------------------------------------

  /** GetRssiInst: -dBm times 2; 255 when the receiver is off. */
  rssiInst() {
    if (!this.receiver) return 255;
    return Math.max(0, Math.min(255, Math.round(-2 * this.host.air.level(this.receiver, this.host.now()))));
  }

  /** Returns ns until the search begins, undefined when refused. */
  startCad() {
    const { cad, modulation } = this.chip.config;
    if (!cad) return this.chip.fail('SetCad before SetCadParams') || undefined;
    if (!this.#ready('SetCad')) return undefined;
    const ns = this.chip.change('cad');
    const search = cad.symbols * symbolNs(modulation.sf, modulation.bandwidth_hz);
    this.chip.onReady = () => this.chip.alarm('end', this.host.now() + search, () => this.#searched(cad));
    return ns;
  }

  #searched(cad) {
    const found = this.host.air.active(
      this.#listener(() => {}),
      this.host.now(),
    );
    this.chip.done('none', 'stdby_rc');
    this.chip.raise(IRQ.cadDone | (found ? IRQ.cadFound : 0));
    if (!found || cad.exit !== 1) return;
    this.startRx(cad.timeout);
    this.#open();
  }
}
