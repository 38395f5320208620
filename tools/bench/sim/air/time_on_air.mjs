/**
 * LoRa time on air, exact to the nanosecond, with the instants inside a packet.
 * Source: Semtech SX1261/2 datasheet 6.1.4 (symbols of a packet, also SF5 and SF6).
 */

const HEADER_SYMBOLS = 8; // the first interleaved block after the sync word holds the header

/** Duration of one symbol in ns. sf: 5..12, bandwidthHz: e.g. 125000. */
export const symbolNs = (sf, bandwidthHz) => (2 ** sf * 1e9) / bandwidthHz;

/** Low data rate optimisation as the datasheet asks for it: symbols of 16.38 ms and more. Source: 6.1.1.4. */
export const needsLdro = (sf, bandwidthHz) => symbolNs(sf, bandwidthHz) >= 16.38e6;

/**
 * When the parts of a packet end, in ns after its first preamble symbol begins.
 * codeRate: denominator 5..8. preamble: programmed symbols. size: payload bytes 0..255.
 * Returns {preamble (programmed symbols alone), sync (sync word too), header, end}; without a header, header = sync.
 */
export function packetTimes({ sf, bandwidthHz, codeRate, preamble, implicit, crc, size, ldro }) {
  const symbol = symbolNs(sf, bandwidthHz);
  const small = sf < 7;
  const sync = preamble + (small ? 6.25 : 4.25);
  const low = ldro ?? needsLdro(sf, bandwidthHz);
  const bits = 8 * size + (crc ? 16 : 0) - 4 * sf + (implicit ? 0 : 20) + (small ? 0 : 8);
  const perBlock = 4 * (low && !small ? sf - 2 : sf);
  const symbols = sync + HEADER_SYMBOLS + Math.ceil(Math.max(bits, 0) / perBlock) * codeRate;
  return {
    preamble: preamble * symbol,
    sync: sync * symbol,
    header: (implicit ? sync : sync + HEADER_SYMBOLS) * symbol,
    end: Math.round(symbols * symbol),
  };
}
