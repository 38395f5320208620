/**
 * The command table of the SX1262: what each opcode needs, where it is legal, and what it does to the chip.
 * Source: Semtech SX1261/2 datasheet, chapters 9 (modes) and 13 (commands).
 *
 * A row: {name, size: least bytes with the opcode, modes: where it is legal, run(chip, bytes) -> BUSY ns | undefined,
 * skip: bytes before the data of a reading command, reply(chip, bytes, index) -> data byte}.
 */

const RC = ['stdby_rc'];
const STANDBY = ['stdby_rc', 'stdby_xosc'];
const IDLE = [...STANDBY, 'fs'];
const AWAKE = [...IDLE, 'rx', 'tx', 'cad'];

const BANDWIDTHS_HZ = { 0: 7812.5, 8: 10417, 1: 15625, 9: 20833, 2: 31250, 10: 41667, 3: 62500, 4: 125000, 5: 250000, 6: 500000 };
const TCXO_MV = [1600, 1700, 1800, 2200, 2400, 2700, 3000, 3300];
const RAMP_NS = [10e3, 20e3, 40e3, 80e3, 200e3, 800e3, 1.7e6, 3.4e6];
const FALLBACK = { 0x20: 'stdby_rc', 0x30: 'stdby_xosc', 0x40: 'fs' };
const TICK_NS = 15625;
const PLL_AND_ADC = 0x3c;
const IMAGE = 0x40;

const word = (bytes, at) => (bytes[at] << 8) | bytes[at + 1];
const triple = (bytes, at) => (bytes[at] << 16) | word(bytes, at + 1);
const refuse = (chip, sentence) => {
  chip.fail(sentence);
  return undefined;
};

function setSleep(chip, [, config]) {
  if (config & 1) return refuse(chip, 'SetSleep with RTC wake-up: only the wake by NSS is modelled');
  chip.sleep(Boolean(config & 4));
  return undefined;
}

function setDio3(chip, bytes) {
  const mv = TCXO_MV[bytes[1]];
  if (mv === undefined) return refuse(chip, `SetDIO3AsTcxoCtrl: voltage ${bytes[1]} is not 0 to 7`);
  if (!chip.wiring.tcxo_mv) return refuse(chip, 'SetDIO3AsTcxoCtrl on a board without TCXO: there is nothing on DIO3');
  if (mv < chip.wiring.tcxo_mv) return refuse(chip, `SetDIO3AsTcxoCtrl gives ${mv} mV to a TCXO of ${chip.wiring.tcxo_mv} mV`);
  chip.tcxoDelayNs = triple(bytes, 2) * TICK_NS;
  chip.calibrated = false;
  return undefined;
}

function setPacketType(chip, [, type]) {
  if (type !== 1) return refuse(chip, `SetPacketType ${type}: only LoRa (1) is modelled`);
  Object.assign(chip.config, { lora: true, modulation: null, packet: null });
  return undefined;
}

function setModulation(chip, [, sf, code, rate, ldro]) {
  if (!chip.config.lora) return refuse(chip, 'SetModulationParams before SetPacketType');
  const known = sf >= 5 && sf <= 12 && BANDWIDTHS_HZ[code] && rate >= 1 && rate <= 4 && ldro <= 1;
  if (!known) return refuse(chip, `SetModulationParams: SF ${sf}, bandwidth ${code}, rate ${rate}, LDRO ${ldro} is not LoRa`);
  chip.config.modulation = { sf, bandwidth_hz: BANDWIDTHS_HZ[code], code_rate: rate + 4, ldro: Boolean(ldro) };
  return undefined;
}

function setPacket(chip, bytes) {
  if (!chip.config.lora) return refuse(chip, 'SetPacketParams before SetPacketType');
  if (!chip.config.modulation) return refuse(chip, 'SetPacketParams before SetModulationParams');
  chip.config.packet = {
    preamble: word(bytes, 1),
    implicit: bytes[3] === 1,
    size: bytes[4],
    crc: bytes[5] === 1,
    inverted: bytes[6] === 1,
  };
  return undefined;
}

function setPa(chip, [, duty, hp, device, lut]) {
  if (device !== 0) return refuse(chip, `SetPaConfig: deviceSel ${device} is the SX1261; this is an SX1262`);
  if (duty > 4 || hp > 7 || lut !== 1)
    return refuse(chip, `SetPaConfig ${duty}, ${hp}, 0, ${lut} may damage the chip: at most 4, 7, 0, 1`);
  chip.config.pa = { duty, hp };
  chip.registers[0x8e7] = 0x38; // the command sets the over-current protection of the chosen PA: 140 mA
  return undefined;
}

function setTxParams(chip, [, power, ramp]) {
  const dbm = (power << 24) >> 24;
  if (dbm < -9 || dbm > 22) return refuse(chip, `SetTxParams: ${dbm} dBm is outside -9 to 22`);
  if (RAMP_NS[ramp] === undefined) return refuse(chip, `SetTxParams: ramp ${ramp} is not 0 to 7`);
  Object.assign(chip.config, { power: dbm, rampNs: RAMP_NS[ramp] });
  return undefined;
}

function calibrate(chip, [, blocks]) {
  if (chip.tcxoMissing()) {
    chip.errors |= 0x20;
    return refuse(chip, 'Calibrate before SetDIO3AsTcxoCtrl: the TCXO has no supply, so nothing is calibrated');
  }
  if ((blocks & PLL_AND_ADC) === PLL_AND_ADC) chip.calibrated = true;
  if (blocks & IMAGE) chip.imageMhz = [902, 928];
  return chip.startNs() + 3.5e6; // 3.5 ms for all blocks: 9.2.1
}

/** Chips have been seen to go into endless transmission here (micropython-lib's driver says so); GetIrqStatus is safe. */
function getStatus(chip) {
  if (chip.before === 'SetRx') chip.fail('GetStatus right after SetRx may trip the chip: read GetIrqStatus there');
}

function setFallback(chip, [, mode]) {
  if (!FALLBACK[mode]) return refuse(chip, `SetRxTxFallbackMode: 0x${mode.toString(16)} is not 0x20, 0x30 or 0x40`);
  chip.config.fallback = FALLBACK[mode];
  return undefined;
}

function writeRegister(chip, bytes) {
  for (let i = 3; i < bytes.length; i++) chip.registers[(word(bytes, 1) + i - 3) & 0xfff] = bytes[i];
  const [first, last] = [word(bytes, 1), word(bytes, 1) + bytes.length - 4];
  const encoded = chip.registers[0x706]; // symbol timeout as mantissa and exponent: Semtech sx126x.c
  if (first <= 0x706 && last >= 0x706) chip.config.symbols = (encoded >> 3) << (2 * (encoded & 7) + 1);
}

function readRegister(chip, bytes, index) {
  const address = (word(bytes, 1) + index) & 0xfff;
  if (address >= 0x819 && address <= 0x81c) return Math.floor(chip.host.random() * 256); // random number generator
  return chip.registers[address];
}

const bufferWrite = (chip, bytes) => {
  for (let i = 2; i < bytes.length; i++) chip.buffer[(bytes[1] + i - 2) & 255] = bytes[i];
};
const packetStatus = (chip, _bytes, index) => {
  const { rssi, snr, signal } = chip.modem.last;
  const clip = (value) => Math.max(0, Math.min(255, Math.round(value)));
  return [clip(-2 * rssi), Math.max(-128, Math.min(127, Math.round(4 * snr))) & 255, clip(-2 * signal)][index] ?? 0;
};
const pair = (get) => (chip, _bytes, index) => (get(chip) >> (8 * (1 - (index & 1)))) & 255;

export const COMMANDS = {
  0x84: { name: 'SetSleep', size: 2, modes: STANDBY, run: setSleep },
  0x80: {
    name: 'SetStandby',
    size: 2,
    modes: AWAKE,
    run: (chip, [, xosc]) => chip.standby(xosc ? 'stdby_xosc' : 'stdby_rc', 'SetStandby'),
  },
  0xc1: { name: 'SetFs', size: 1, modes: AWAKE, run: (chip) => chip.standby('fs', 'SetFs') },
  0x83: { name: 'SetTx', size: 4, modes: [...IDLE, 'rx'], run: (chip, bytes) => chip.modem.startTx(triple(bytes, 1) * TICK_NS) },
  0x82: { name: 'SetRx', size: 4, modes: AWAKE, run: (chip, bytes) => chip.modem.startRx(triple(bytes, 1)) },
  0x9f: {
    name: 'StopTimerOnPreamble',
    size: 2,
    modes: IDLE,
    run: (chip, [, on]) => void (chip.config.stopOnPreamble = on === 1),
  },
  0xc5: { name: 'SetCad', size: 1, modes: IDLE, run: (chip) => chip.modem.startCad() },
  0x88: {
    name: 'SetCadParams',
    size: 8,
    modes: IDLE,
    run: (chip, bytes) => void (chip.config.cad = { symbols: 2 ** bytes[1], exit: bytes[4], timeout: triple(bytes, 5) }),
  },
  0x96: { name: 'SetRegulatorMode', size: 2, modes: RC, run: (chip, [, dcdc]) => void (chip.config.dcdc = dcdc === 1) },
  0x89: { name: 'Calibrate', size: 2, modes: RC, run: calibrate },
  0x98: {
    name: 'CalibrateImage',
    size: 3,
    modes: STANDBY,
    run: (chip, [, low, high]) => {
      chip.imageMhz = [low * 4, high * 4];
      return chip.startNs() + 2e6; // assumed: the datasheet gives the whole calibration only
    },
  },
  0x95: { name: 'SetPaConfig', size: 5, modes: IDLE, run: setPa },
  0x93: { name: 'SetRxTxFallbackMode', size: 2, modes: IDLE, run: setFallback },
  0x0d: { name: 'WriteRegister', size: 4, modes: AWAKE, run: writeRegister },
  0x1d: { name: 'ReadRegister', size: 4, modes: AWAKE, skip: 4, reply: readRegister },
  0x0e: { name: 'WriteBuffer', size: 2, modes: AWAKE, run: bufferWrite },
  0x1e: {
    name: 'ReadBuffer',
    size: 3,
    modes: AWAKE,
    skip: 3,
    reply: (chip, bytes, index) => chip.buffer[(bytes[1] + index) & 255],
  },
  0x08: {
    name: 'SetDioIrqParams',
    size: 9,
    modes: AWAKE,
    run: (chip, bytes) => {
      Object.assign(chip, { irqMask: word(bytes, 1), dio1Mask: word(bytes, 3) });
      chip.updateDio1();
    },
  },
  0x12: { name: 'GetIrqStatus', size: 2, modes: AWAKE, reply: pair((chip) => chip.irq) },
  0x02: {
    name: 'ClearIrqStatus',
    size: 3,
    modes: AWAKE,
    run: (chip, bytes) => {
      chip.irq &= ~word(bytes, 1);
      chip.updateDio1();
    },
  },
  0x9d: { name: 'SetDIO2AsRfSwitchCtrl', size: 2, modes: IDLE, run: (chip, [, on]) => void (chip.config.rfSwitch = on === 1) },
  0x97: { name: 'SetDIO3AsTcxoCtrl', size: 5, modes: STANDBY, run: setDio3 },
  0x86: {
    name: 'SetRfFrequency',
    size: 5,
    modes: IDLE,
    run: (chip, bytes) => {
      chip.config.frequency_hz = Math.round((bytes[1] * 2 ** 24 + triple(bytes, 2)) * (32e6 / 2 ** 25));
    },
  },
  0x8a: { name: 'SetPacketType', size: 2, modes: STANDBY, run: setPacketType },
  0x11: { name: 'GetPacketType', size: 2, modes: AWAKE, reply: (chip) => (chip.config.lora ? 1 : 0) },
  0x8e: { name: 'SetTxParams', size: 3, modes: IDLE, run: setTxParams },
  0x8b: { name: 'SetModulationParams', size: 5, modes: IDLE, run: setModulation },
  0x8c: { name: 'SetPacketParams', size: 7, modes: IDLE, run: setPacket },
  0x8f: {
    name: 'SetBufferBaseAddress',
    size: 3,
    modes: IDLE,
    run: (chip, [, tx, rx]) => void Object.assign(chip.config, { txBase: tx, rxBase: rx }),
  },
  0xa0: { name: 'SetLoRaSymbNumTimeout', size: 2, modes: IDLE, run: (chip, [, symbols]) => void (chip.config.symbols = symbols) },
  0xc0: { name: 'GetStatus', size: 1, modes: AWAKE, run: getStatus },
  0x13: {
    name: 'GetRxBufferStatus',
    size: 2,
    modes: AWAKE,
    reply: (chip, _bytes, index) => [chip.modem.last.size, chip.modem.last.start][index] ?? 0,
  },
  0x14: { name: 'GetPacketStatus', size: 2, modes: AWAKE, reply: packetStatus },
  0x15: { name: 'GetRssiInst', size: 2, modes: AWAKE, reply: (chip) => chip.modem.rssiInst() },
  0x10: {
    name: 'GetStats',
    size: 2,
    modes: AWAKE,
    reply: (chip, bytes, index) => pair(() => chip.modem.stats[index >> 1] ?? 0)(chip, bytes, index),
  },
  0x00: { name: 'ResetStats', size: 1, modes: AWAKE, run: (chip) => void (chip.modem.stats = [0, 0, 0]) },
  0x17: { name: 'GetDeviceErrors', size: 2, modes: AWAKE, reply: pair((chip) => chip.errors) },
  0x07: { name: 'ClearDeviceErrors', size: 3, modes: AWAKE, run: (chip) => void (chip.errors = 0) },
  0x94: { name: 'SetRxDutyCycle', size: 7, modes: [], run: null },
  0xd1: { name: 'SetTxContinuousWave', size: 1, modes: [], run: null },
  0xd2: { name: 'SetTxInfinitePreamble', size: 1, modes: [], run: null },
};
