/**
 * The air: a plain table of transmissions, each with exact instants, and the receivers that are open.
 * Nothing here has a clock of its own. Boards run at most 1 ms apart, and a receiver needs five preamble
 * symbols (5.1 ms at SF7) to lock, so whatever it could lock on is in the table when it looks.
 */

import { Concentrator } from './concentrator.mjs';
import { DutyWatch } from './duty.mjs';
import { CAPTURE_DB, OTHER_SF_DB, SNR_LIMIT_DB, noiseDbm, pathLossDb, sumDbm } from './propagation.mjs';
import { normal, uniform } from '../random.mjs';
import { needsLdro, packetTimes, symbolNs } from './time_on_air.mjs';

const LOCK_SYMBOLS = 5; // Source: the window formula of LoRaMac-node asks for 6 with one to spare
const FADE_DB = 1; // from packet to packet on a link at rest; assumed
const SNR_SHOWN_DB = 14; // receivers do not show more; assumed, typical is -20 to +10 (The Things Network docs)
const KEEP_NS = 15e9; // longer than the longest packet (SF12, 255 bytes: 9.2 s)
const SETTINGS = { loss: 0, loss_up: 0, loss_down: 0, jam: [] };

export class Air {
  /** seed: int. notify: called with {event: "violation", ...}. region: as Python's `Region.air` gives it. */
  constructor({ seed = 1, notify = () => {}, region }) {
    this.seed = seed;
    this.region = region;
    this.table = [];
    this.unjudged = [];
    this.radioGateways = new Map();
    this.listeners = new Set();
    this.violations = 0;
    this.settings = { ...SETTINGS };
    this.duty = new DutyWatch((violation) => {
      this.violations++;
      notify(violation);
    }, region.sub_bands);
  }

  /** id: 16 hex digits. position: [x, y] in m. Raises Error for an id that is there already. */
  addRadioGateway(id, position, options = {}) {
    if (this.radioGateways.has(id)) throw new Error(`radio gateway ${id} is in the world already`);
    this.radioGateways.set(id, new Concentrator(id, position, { ...this.region, ...options }));
  }

  /** values: {loss, loss_up, loss_down: 0..1, jam: [{from_us, to_us, dbm, frequency_hz?}]}. */
  set(values) {
    for (const key of Object.keys(values))
      if (!(key in SETTINGS)) throw new Error(`the air has no "${key}"; it has ${Object.keys(SETTINGS).join(', ')}`);
    Object.assign(this.settings, values);
  }

  /**
   * Puts a packet on the air at `at_ns` and returns its row. Fields: from, position, frequency_hz, sf,
   * bandwidth_hz, code_rate (5..8), preamble, inverted, sync, crc, implicit, power_dbm (EIRP), payload, ldro?.
   */
  transmit(request) {
    const times = packetTimes({
      ...request,
      bandwidthHz: request.bandwidth_hz,
      codeRate: request.code_rate,
      size: request.payload.length,
    });
    const at = request.at_ns;
    const tx = {
      ...request,
      payload: Uint8Array.from(request.payload),
      key: `${request.from}@${at}`,
      name: request.from,
      start_ns: at,
      preamble_ns: at + times.preamble,
      sync_ns: at + times.sync,
      header_ns: at + times.header,
      end_ns: at + times.end,
      until_ns: at + times.end,
    };
    this.table.push(tx);
    this.unjudged.push(tx);
    this.duty.add(tx);
    for (const listener of this.listeners) this.#offer(tx, listener);
    return tx;
  }

  /** The transmitter stopped early, at `ns`. */
  cut(tx, ns) {
    tx.until_ns = Math.min(tx.until_ns, Math.max(ns, tx.start_ns));
  }

  /**
   * Opens a receiver {name, position, open_ns, at(ns, fn), frequency_hz, sf, bandwidth_hz, inverted, sync,
   * implicit, noiseFigure, onLock(reception)} and returns it. It hears one packet at a time: after `onLock` it
   * is deaf to others until `release(receiver, ns)`. `close(receiver)` ends it.
   */
  listen(receiver) {
    Object.assign(receiver, { alarms: [], locked: false });
    this.listeners.add(receiver);
    for (const tx of this.table) this.#offer(tx, receiver);
    return receiver;
  }

  /** Ready for the next packet from `ns` on. */
  release(receiver, ns) {
    receiver.locked = false;
    receiver.open_ns = ns;
    for (const tx of this.table) this.#offer(tx, receiver);
  }

  close(receiver) {
    this.listeners.delete(receiver);
    for (const alarm of receiver.alarms) alarm.cancel();
    receiver.alarms = [];
  }

  /** Power in dBm in a receiver's channel at one instant, noise included: RSSI, and what CAD looks for. */
  level(receiver, ns) {
    const on = this.table.filter(
      (tx) => tx.start_ns <= ns && tx.until_ns > ns && overlaps(tx, receiver) && tx.from !== receiver.name,
    );
    return sumDbm([this.#noise(receiver, ns, ns + 1), ...on.map((tx) => this.#signal(tx, receiver))]);
  }

  /** Whether a LoRa preamble or packet of the receiver's own kind is on the air at `ns`, strong enough to be found. */
  active(receiver, ns) {
    return this.table.some((tx) => tx.start_ns <= ns && tx.until_ns > ns && matches(tx, receiver) && this.#detects(tx, receiver));
  }

  /** Frames that ended at a radio gateway up to `untilNs`, in order of their end; each once. */
  heard(untilNs) {
    const done = this.unjudged.filter((tx) => tx.end_ns <= untilNs);
    if (!done.length) return [];
    this.unjudged = this.unjudged.filter((tx) => tx.end_ns > untilNs);
    done.sort((a, b) => a.end_ns - b.end_ns || (a.key < b.key ? -1 : 1));
    return done.flatMap((tx) => [...this.radioGateways.values()].map((gateway) => this.#atRadioGateway(tx, gateway)).filter(Boolean));
  }

  /** Hands a downlink to a radio gateway; see Concentrator.accept. Returns the name of a gw.TxAckStatus. */
  radioGatewayTransmit(id, downlink, nowNs) {
    const gateway = this.radioGateways.get(id);
    if (!gateway) throw new Error(`no radio gateway ${id} in the world`);
    const [status, tx] = gateway.accept(downlink, nowNs);
    if (tx) this.transmit(tx);
    return status;
  }

  /** Forgets transmissions that can no longer disturb or be received. */
  collect(nowNs) {
    if (this.table.length && this.table[0].until_ns < nowNs - KEEP_NS)
      this.table = this.table.filter((tx) => tx.until_ns >= nowNs - KEEP_NS);
  }

  /** Sets the alarm of the instant at which `receiver` would lock on `tx`, if it can at all. */
  #offer(tx, receiver) {
    if (tx.from === receiver.name || !matches(tx, receiver)) return;
    const lock = Math.ceil(Math.max(tx.start_ns, receiver.open_ns) + LOCK_SYMBOLS * symbolNs(tx.sf, tx.bandwidth_hz));
    if (lock > tx.preamble_ns + 1) return;
    receiver.alarms = receiver.alarms.filter((alarm) => !alarm.done);
    const entry = { done: false, cancel: () => alarm.cancel() };
    const alarm = receiver.at(lock, () => {
      entry.done = true;
      if (receiver.locked || !this.listeners.has(receiver) || tx.until_ns <= lock || !this.#detects(tx, receiver)) return;
      receiver.locked = true;
      receiver.onLock(this.#reception(tx, receiver));
    });
    receiver.alarms.push(entry);
  }

  #reception(tx, receiver) {
    const snr = Math.min(this.#snr(tx, receiver), SNR_SHOWN_DB);
    return {
      tx,
      rssi_dbm: this.#rssi(tx, receiver),
      signal_dbm: this.#signal(tx, receiver),
      snr_db: snr,
      headerOk: () => tx.until_ns >= tx.header_ns && this.#clear(tx, receiver, tx.preamble_ns, tx.header_ns),
      payload: () => this.#payload(tx, receiver),
    };
  }

  /** {payload, intact}: what the demodulator hands out at the end of the packet. */
  #payload(tx, receiver) {
    const sameLdro = (tx.ldro ?? needsLdro(tx.sf, tx.bandwidth_hz)) === (receiver.ldro ?? needsLdro(tx.sf, tx.bandwidth_hz));
    const intact = sameLdro && tx.until_ns >= tx.end_ns && this.#clear(tx, receiver, tx.header_ns, tx.end_ns);
    return { payload: intact ? tx.payload : garbled(this.seed, tx, receiver), intact };
  }

  #atRadioGateway(tx, gateway) {
    const channel = gateway.channel(tx);
    if (channel < 0 || tx.from === gateway.name || gateway.sending(tx.start_ns, tx.until_ns)) return null;
    if (!this.#detects(tx, gateway) || tx.until_ns < tx.header_ns) return null;
    const lock = tx.start_ns + LOCK_SYMBOLS * symbolNs(tx.sf, tx.bandwidth_hz);
    if (!this.#clear(tx, gateway, lock, tx.header_ns) || this.#demodulatorsTaken(tx, gateway, lock)) return null;
    const { payload, intact } = this.#payload(tx, gateway);
    return {
      gateway_id: gateway.name,
      end_ns: tx.end_ns,
      frequency_hz: gateway.centre(channel),
      sf: tx.sf,
      bandwidth_hz: tx.bandwidth_hz,
      code_rate: `4/${tx.code_rate}`,
      rssi_dbm: Math.round(this.#rssi(tx, gateway)),
      channel,
      crc_ok: intact,
      from: tx.from,
      snr_db: Math.round(4 * Math.min(this.#snr(tx, gateway), SNR_SHOWN_DB)) / 4,
      payload,
    };
  }

  #demodulatorsTaken(tx, gateway, lock) {
    const earlier = (other) =>
      other !== tx &&
      other.end_ns > lock &&
      gateway.channel(other) >= 0 &&
      other.start_ns + LOCK_SYMBOLS * symbolNs(other.sf, other.bandwidth_hz) < lock &&
      this.#detects(other, gateway);
    return this.table.filter(earlier).length >= gateway.demodulators;
  }

  #signal(tx, receiver) {
    const fade = FADE_DB * normal(this.seed, 'fade', tx.key, receiver.name);
    return tx.power_dbm - pathLossDb(this.seed, tx, receiver) + fade;
  }

  #noise(receiver, from, to, band = receiver) {
    const jams = this.settings.jam.filter(
      (jam) =>
        jam.from_us * 1e3 < to &&
        jam.to_us * 1e3 > from &&
        (jam.frequency_hz === undefined || Math.abs(jam.frequency_hz - band.frequency_hz) < band.bandwidth_hz),
    );
    return sumDbm([noiseDbm(band.bandwidth_hz, receiver.noiseFigure), ...jams.map((jam) => jam.dbm)]);
  }

  #snr(tx, receiver) {
    return this.#signal(tx, receiver) - (tx.snr_loss_db ?? 0) - this.#noise(receiver, tx.start_ns, tx.end_ns, tx);
  }

  #rssi(tx, receiver) {
    return sumDbm([this.#signal(tx, receiver), this.#noise(receiver, tx.start_ns, tx.end_ns, tx)]);
  }

  /** Strong enough for its spreading factor, and not dropped by the loss set for tests. */
  #detects(tx, receiver) {
    const { loss, loss_up: up, loss_down: down } = this.settings;
    const share = Math.max(loss, receiver instanceof Concentrator ? up : down);
    if (share > 0 && uniform(this.seed, 'loss', tx.key, receiver.name) < share) return false;
    return this.#snr(tx, receiver) >= SNR_LIMIT_DB[tx.sf];
  }

  /** No other transmission overpowers `tx` at the receiver during [from, to) ns. */
  #clear(tx, receiver, from, to) {
    const rivals = this.table.filter(
      (other) =>
        other !== tx &&
        other.from !== tx.from &&
        other.from !== receiver.name &&
        other.start_ns < to &&
        other.until_ns > from &&
        overlaps(other, tx),
    );
    if (!rivals.length) return true;
    const signal = this.#signal(tx, receiver);
    return rivals.every((other) => {
      const same = other.sf === tx.sf && other.bandwidth_hz === tx.bandwidth_hz;
      return signal - this.#signal(other, receiver) >= (same ? CAPTURE_DB : OTHER_SF_DB);
    });
  }
}

/** Whether two channels {frequency_hz, bandwidth_hz} share spectrum. */
const overlaps = (a, b) => Math.abs(a.frequency_hz - b.frequency_hz) < (a.bandwidth_hz + b.bandwidth_hz) / 2;

/** Same modulation; LoRa bears a quarter of the bandwidth of offset (SX1261/2 datasheet 6.1.1). */
const matches = (tx, receiver) =>
  tx.sf === receiver.sf &&
  tx.bandwidth_hz === receiver.bandwidth_hz &&
  tx.inverted === receiver.inverted &&
  tx.sync === receiver.sync &&
  tx.implicit === receiver.implicit &&
  Math.abs(tx.frequency_hz - receiver.frequency_hz) <= tx.bandwidth_hz / 4;

/** A payload as it comes out of a collision: some bytes are wrong, the same in every replay. */
function garbled(seed, tx, receiver) {
  const bytes = Uint8Array.from(tx.payload);
  const first = bytes.length ? Math.floor(uniform(seed, 'first', tx.key, receiver.name) * bytes.length) : 0;
  for (let i = first; i < bytes.length; i += 3) bytes[i] ^= 1 + Math.floor(254 * uniform(seed, i, tx.key, receiver.name));
  return bytes;
}
