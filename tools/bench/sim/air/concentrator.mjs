/**
 * The limits of one radio gateway: eight uplink channels, a fixed number of demodulators, and one transmitter
 * that is fed just in time and keeps it from receiving while it sends.
 * Source of the delays and of the order of checks: chirpstack-concentratord, libconcentratord/src/jitqueue.rs.
 */

import { packetTimes } from './time_on_air.mjs';

const START_NS = 1.5e6;
const MARGIN_NS = 1e6;
const JIT_NS = 40e6;
const PRE_NS = START_NS + JIT_NS;
const ADVANCE_NS = 512e9;
const QUEUE = 32;
const DOWNLINK = { crc: false, implicit: false, preamble: 8, sync: 0x3444, code_rate: 5 };

const DEMODULATORS = 8; // Source: SX1301 datasheet, "8x programmable LoRa demodulation paths"

export class Concentrator {
  /**
   * position: [x, y] in m. options: the region's {channels_hz, fast_channel: {frequency_hz, sf, bandwidth_hz} or null,
   * max_power_dbm (EIRP), range_hz: [from, to]}, and noise_figure_db. Channels of 125 kHz take SF7 to SF12 each.
   */
  constructor(id, position, options) {
    this.name = id;
    this.position = position;
    this.channels = options.channels_hz;
    this.fastChannel = options.fast_channel;
    this.maxPower = options.max_power_dbm;
    this.range = options.range_hz;
    this.noiseFigure = options.noise_figure_db ?? 6;
    this.demodulators = DEMODULATORS;
    this.busy = []; // own transmissions {start_ns, end_ns}, programmed or past
  }

  /** Index of the channel that demodulates this transmission, or -1. */
  channel(tx) {
    if (tx.inverted || tx.sync !== 0x3444 || tx.implicit) return -1;
    const near = (hz) => Math.abs(tx.frequency_hz - hz) <= tx.bandwidth_hz / 4;
    if (tx.bandwidth_hz === 125000 && tx.sf >= 7) return this.channels.findIndex(near);
    const fast = this.fastChannel;
    const matches = fast && tx.bandwidth_hz === fast.bandwidth_hz && tx.sf === fast.sf;
    return matches && near(fast.frequency_hz) ? this.channels.length : -1;
  }

  /** Hz of a channel by its index: what a radio gateway reports, wherever in the channel the transmission was. */
  centre(channel) {
    return this.channels[channel] ?? this.fastChannel.frequency_hz;
  }

  /** Whether it was sending at some time of [from, to) ns. */
  sending(from, to) {
    return this.busy.some((own) => own.start_ns < to && own.end_ns > from);
  }

  /**
   * Takes a downlink {time_ns | null, frequency_hz, sf, bandwidth_hz, power_dbm, inverted, payload}.
   * Returns [status as gw.TxAckStatus names it, transmission for the air or null].
   */
  accept(downlink, nowNs) {
    this.busy = this.busy.filter((own) => own.end_ns > nowNs - 20e9);
    const refused = this.#refusal(downlink);
    if (refused) return [refused, null];
    const tx = { ...DOWNLINK, ...downlink };
    const size = tx.payload.length;
    const length = packetTimes({
      sf: tx.sf,
      bandwidthHz: tx.bandwidth_hz,
      codeRate: tx.code_rate,
      preamble: tx.preamble,
      implicit: tx.implicit,
      crc: tx.crc,
      size,
    }).end;
    const start = downlink.time_ns ?? this.#soonest(nowNs, length);
    if (start - nowNs < PRE_NS + MARGIN_NS) return ['TOO_LATE', null];
    if (start - nowNs > ADVANCE_NS) return ['TOO_EARLY', null];
    if (!this.#free(start, length)) return ['COLLISION_PACKET', null];
    if (this.busy.filter((own) => own.start_ns > nowNs).length >= QUEUE) return ['QUEUE_FULL', null];
    this.busy.push({ start_ns: start, end_ns: start + length });
    return ['OK', { ...tx, at_ns: start, from: this.name, position: this.position }];
  }

  #refusal({ frequency_hz: hz, power_dbm: power }) {
    if (hz < this.range[0] || hz > this.range[1]) return 'TX_FREQ';
    return power > this.maxPower ? 'TX_POWER' : null;
  }

  #free(start, length) {
    return !this.busy.some(
      (own) => start < own.end_ns + PRE_NS + MARGIN_NS && own.start_ns < start + length + PRE_NS + MARGIN_NS,
    );
  }

  /** An immediate downlink goes out after twice the programming delay, or after what is already programmed. */
  #soonest(nowNs, length) {
    const after = this.busy.map((own) => own.end_ns + PRE_NS + MARGIN_NS);
    const starts = [nowNs + 2 * JIT_NS, ...after].filter((ns) => ns >= nowNs + 2 * JIT_NS);
    return starts.sort((a, b) => a - b).find((ns) => this.#free(ns, length));
  }
}
