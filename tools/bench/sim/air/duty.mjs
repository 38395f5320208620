/**
 * What a regulator measures: airtime per transmitter and sub-band over a sliding hour, and radiated power.
 * It forbids nothing, it reports: {event: "violation", who, rule, ...}.
 * The sub-bands are the region's; powers are ERP, 2.15 dB below EIRP.
 */

const HOUR_NS = 3600e9;
const ERP_DB = 2.15;

export class DutyWatch {
  /**
   * report: called with each violation. bands: [{name, from, to, share, erp}], from <= Hz < to, share of an
   * hour, ERP limit in dBm.
   */
  constructor(report, bands) {
    this.report = report;
    this.bands = bands;
    this.spent = new Map(); // "who|band" -> [[start ns, end ns], ...] of the last hour
  }

  /** The sub-band that holds the whole channel, or undefined. */
  band(frequencyHz, bandwidthHz) {
    const [low, high] = [frequencyHz - bandwidthHz / 2, frequencyHz + bandwidthHz / 2];
    return this.bands.find((band) => low >= band.from && high <= band.to);
  }

  /** Takes note of one transmission {from, start_ns, end_ns, frequency_hz, bandwidth_hz, power_dbm}. */
  add(tx) {
    const band = this.band(tx.frequency_hz, tx.bandwidth_hz);
    const fields = { event: 'violation', who: tx.from, at_ns: tx.start_ns, frequency_hz: tx.frequency_hz };
    if (!band) {
      this.report({ ...fields, rule: 'band', text: `${tx.from} transmitted outside the sub-bands, at ${tx.frequency_hz} Hz` });
      return;
    }
    if (tx.power_dbm - ERP_DB > band.erp + 0.05)
      this.report({
        ...fields,
        rule: 'power',
        band: band.name,
        text: `${tx.from} radiated ${tx.power_dbm} dBm EIRP, ${band.name} MHz allows ${band.erp} dBm ERP`,
      });
    this.#airtime(tx, band, fields);
  }

  #airtime(tx, band, fields) {
    const key = `${tx.from}|${band.name}`;
    const list = this.spent.get(key) ?? [];
    list.push([tx.start_ns, tx.end_ns]);
    while (list[0][1] <= tx.end_ns - HOUR_NS) list.shift();
    this.spent.set(key, list);
    const used = list.reduce((sum, [start, end]) => sum + end - Math.max(start, tx.end_ns - HOUR_NS), 0);
    const allowed = band.share * HOUR_NS;
    if (used > allowed)
      this.report({
        ...fields,
        rule: 'duty',
        band: band.name,
        used_ms: Math.round(used / 1e6),
        allowed_ms: Math.round(allowed / 1e6),
        text: `${tx.from} was on air ${(used / 1e9).toFixed(1)} s of an hour in ${band.name} MHz, ${allowed / 1e9} s are allowed`,
      });
  }
}
