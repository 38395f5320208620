/** How long the SX1262 model is busy between modes. Source: Semtech SX1261/2 datasheet rev 2.1, table 8-2. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Radio, WIRING } from './radio.mjs';
import { World } from './world.mjs';

const ENTER = {
  stdby_rc: [0x80, 0],
  stdby_xosc: [0x80, 1],
  fs: [0xc1],
  rx: [0x82, 0xff, 0xff, 0xff],
  tx: [0x83, 0, 0, 0],
};
const SWITCH_US = [
  ['stdby_rc', 'stdby_xosc', 31],
  ['stdby_rc', 'fs', 50],
  ['stdby_rc', 'rx', 83],
  ['stdby_rc', 'tx', 126],
  ['stdby_xosc', 'fs', 40],
  ['stdby_xosc', 'rx', 62],
  ['stdby_xosc', 'tx', 105],
  ['fs', 'rx', 41],
  ['fs', 'tx', 76],
  ['rx', 'fs', 15],
  ['rx', 'tx', 92],
];
const RAMP_US = 200; // of the power amplifier, as `Radio.setUp` programs it: on top of a switch to TX
const TCXO_US = 5000; // 320 steps of 15.625 us, as `Radio.setUp` programs it

/** A radio in mode `from`, idle. */
function radioIn(from, wiring) {
  const radio = new Radio(new World(), { wiring });
  radio.setUp({ skip: wiring.tcxo_mv ? [] : [0x97] });
  radio.send(...ENTER.stdby_rc);
  if (from !== 'stdby_rc') radio.send(...ENTER[from]);
  radio.ready();
  assert.equal(radio.chip.mode, from);
  return radio;
}

/** Microseconds from the end of the command to BUSY low. */
function busyUs(radio, command) {
  const edges = [];
  radio.host.pin(radio.wiring.busy).onChange((level, ns) => edges.push([level, ns]));
  const sentNs = radio.world.ns;
  radio.raw(...command);
  radio.world.pass(20e3);
  assert.equal(edges[0][0], 1);
  const [, lowNs] = edges.find(([level]) => level === 0);
  return (lowNs - sentNs) / 1e3;
}

for (const [from, to, us] of SWITCH_US)
  test(`${from} to ${to} takes ${us} us`, () => {
    const radio = radioIn(from, { ...WIRING, tcxo_mv: null });
    assert.equal(busyUs(radio, ENTER[to]), us + (to === 'tx' ? RAMP_US : 0));
    assert.deepEqual(radio.host.refused, []);
  });

test('from standby on the RC oscillator the start of the TCXO comes on top', () => {
  assert.equal(busyUs(radioIn('stdby_rc', WIRING), ENTER.rx), TCXO_US + 83);
  assert.equal(busyUs(radioIn('stdby_xosc', WIRING), ENTER.rx), 62);
});
