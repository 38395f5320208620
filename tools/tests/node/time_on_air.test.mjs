import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { needsLdro, packetTimes, symbolNs } from '../../bench/sim/air/time_on_air.mjs';

const { vectors } = JSON.parse(readFileSync(new URL('../data/time_on_air.json', import.meta.url)));

test('time on air agrees with every golden value', () => {
  for (const v of vectors) {
    const { end } = packetTimes({
      sf: v.sf,
      bandwidthHz: v.bw_hz,
      codeRate: v.cr,
      preamble: v.preamble,
      implicit: v.implicit_header,
      crc: v.crc,
      size: v.payload,
      ldro: v.ldro,
    });
    const off = Math.abs(end / 1e3 - (v.ref_us ?? v.toa_us));
    assert.ok(off <= (v.ref_us ? 1 : v.tolerance_us), `SF${v.sf} ${v.payload} B: ${end / 1e3} us is off by ${off}`);
  }
  assert.ok(vectors.length >= 20);
});

test('preamble, sync word and header end where the formula puts them', () => {
  const times = packetTimes({ sf: 7, bandwidthHz: 125000, codeRate: 5, preamble: 8, implicit: false, crc: true, size: 13 });
  const symbol = 1024e3;
  assert.deepEqual(times, { preamble: 8 * symbol, sync: 12.25 * symbol, header: 20.25 * symbol, end: 45.25 * symbol });
});

test('SF5 and SF6 have a longer sync word', () => {
  const times = packetTimes({ sf: 5, bandwidthHz: 125000, codeRate: 5, preamble: 12, implicit: false, crc: true, size: 10 });
  assert.equal(times.sync, 18.25 * 256e3);
  assert.equal(times.end, (18.25 + 8 + 5 * 5) * 256e3); // (80 + 16 - 20 + 20) / 20 bits a block, rounded up
});

test('low data rate optimisation begins at symbols of 16.38 ms', () => {
  const needing = [7, 8, 9, 10, 11, 12].flatMap((sf) =>
    [125000, 250000, 500000].filter((bw) => needsLdro(sf, bw)).map((bw) => `${sf}/${bw}`),
  );
  assert.deepEqual(needing, ['11/125000', '12/125000', '12/250000']);
  assert.equal(symbolNs(12, 125000), 32768e3);
});
