/** What a radio did on the air, for tests and measurements: windows and transmissions, at most 20 000 of each. */

const RECORDS = 20000;

export class Record {
  constructor() {
    Object.assign(this, { windows: [], transmissions: [], notes: {}, counts: { transmissions: 0, windows: 0 }, airtimeNs: 0 });
  }

  /** Counts a setting that costs range. */
  note(text) {
    this.notes[text] = (this.notes[text] ?? 0) + 1;
  }

  #add(kind, row) {
    this.counts[kind]++;
    this[kind].push(row);
    if (this[kind].length > RECORDS) this[kind].shift();
  }

  /** tx: as `Air.transmit` returned it, over or cut off. */
  sent({ start_ns, until_ns, sf, bandwidth_hz, frequency_hz, power_dbm, payload }) {
    this.airtimeNs += until_ns - start_ns;
    this.#add('transmissions', {
      start_ns,
      end_ns: until_ns,
      sf,
      bw_hz: bandwidth_hz,
      frequency_hz,
      power_dbm,
      size: payload.length,
    });
  }

  /** window: as `drain` describes it. */
  listened(window) {
    this.#add('windows', window);
  }

  /** {mode, transmissions, windows (how many since power came first), airtime_s, notes (settings that cost range, counted)}. */
  ledger(mode) {
    return { mode, ...this.counts, airtime_s: this.airtimeNs / 1e9, notes: { ...this.notes } };
  }

  /**
   * What happened since the last call, instants in ns of world time. windows: {tx_end_ns, set_ns, rx_on_ns, end_ns, symbols,
   * sf, bw_hz, frequency_hz, timeout_ns, continuous, frames, result: timeout, frame, crc, header or stopped};
   * transmissions: {start_ns, end_ns, sf, bw_hz, frequency_hz, power_dbm, size}; notes since power came first.
   */
  drain(mode) {
    const { windows, transmissions, notes } = this;
    Object.assign(this, { windows: [], transmissions: [] });
    return { mode, windows, transmissions, notes: { ...notes } };
  }
}
