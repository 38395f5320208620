// What the modem does at each command of `sim7080g.json`, by its name there: (modem, match of its form, row) -> answer lines, a final
// result code instead of OK, or null when the answer comes later.

const ERROR = 'ERROR';
const NO_SIM = '+CME ERROR: 10';
const PUK = '+CME ERROR: 12';
const WRONG = '+CME ERROR: 16';
const NOT_FOUND = '+CME ERROR: 22';
const UNSET = 315964800; // 1980-01-06T00:00:00Z
const EARLIEST = 1700000000; // a certificate of today is not valid before
const fine = () => [];
const two = (value) => String(value).padStart(2, '0');

function clock(modem) {
  const { clockAt } = modem;
  const zone = clockAt ? modem.get('zone') : 0;
  const at = new Date((unix(modem) + zone * 900) * 1000);
  const date = [at.getUTCFullYear() % 100, at.getUTCMonth() + 1, at.getUTCDate()].map(two).join('/');
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  return [`+CCLK: "${date},${time}${zone < 0 ? '-' : '+'}${two(Math.abs(zone))}"`];
}

function unix(modem) {
  const { clockAt } = modem;
  return clockAt ? Math.floor(clockAt.unix + (modem.world.now() - clockAt.nanos) / 1e9) : UNSET;
}

function pinState(modem) {
  const state = modem.simState();
  return state === 'ABSENT' ? NO_SIM : [`+CPIN: ${state}`];
}

function pin(modem, [, given]) {
  const state = modem.simState();
  if (state === 'ABSENT') return NO_SIM;
  if (state === 'SIM PUK') return PUK;
  if (state === 'READY') return '+CME ERROR: 3';
  if (given !== modem.get('pin')) {
    modem.pinTries -= 1;
    return modem.pinTries ? WRONG : PUK;
  }
  Object.assign(modem, { pinTries: 3, pinned: true });
  modem.later(0, () => modem.ready());
  return [];
}

function cell(modem) {
  if (modem.registration() !== 1) return ['+CPSI: NO SERVICE,Online'];
  const kind = modem.kind === '2' ? 'NB-IOT' : 'CAT-M1';
  const levels = ['rsrq', 'rsrp', 'rssi', 'rssnr'].map((name) => modem.get(name)).join(',');
  return [`+CPSI: LTE ${kind},Online,208-01,0x1A2B,27447553,280,EUTRAN-BAND20,6300,3,3,${levels}`];
}

function activate(modem, [, on]) {
  if (on === '0') {
    modem.bearer = false;
    return [];
  }
  if (modem.registration() !== 1) return ERROR;
  modem.bearer = modem.apn === modem.get('apn');
  modem.later(0.5e9, () => modem.say(`+APP PDP: 0,${modem.bearer ? 'ACTIVE' : 'DEACTIVE'}`));
  return [];
}

function granted(modem) {
  const psm = modem.get('psm');
  return [`+CPSMRDP: ${psm && modem.psm ? 1 : 0},0,0,${psm?.active_s ?? 0},0,${psm?.tau_s ?? 0}`];
}

function connect(modem) {
  const reachable = modem.bearer && modem.registration() === 1 && modem.session.port;
  if (!reachable || (modem.tls && (!modem.files.has(modem.tls) || unix(modem) < EARLIEST))) {
    modem.why = reachable ? 'clock or authority' : 'no bearer';
    modem.later(1e9, () => modem.line.answer([], ERROR));
    return null;
  }
  void modem.settle(modem.connect());
  return null;
}

const SETTINGS = { CLIENTID: 'client', USERNAME: 'user', PASSWORD: 'password', KEEPTIME: 'keepalive_s', CLEANSS: 'clean', QOS: 'qos' };

function setting(modem, [, name, value]) {
  const bare = value.replaceAll('"', '');
  if (name === 'URL') {
    const [host, port] = bare.split(',');
    Object.assign(modem.session, { host, port: Number(port ?? 1883) });
  } else {
    modem.session[SETTINGS[name]] = /^\d+$/.test(value) ? Number(value) : bare;
  }
  return [];
}

function publish(modem, [, topic, size, qos], row) {
  if (!modem.mqtt?.up) return ERROR;
  modem.line.prompt(row.prompt, Number(size), (data) => {
    if (modem.mqtt?.up) void modem.settle(modem.publish(topic, data, Number(qos)));
    else modem.line.answer([], ERROR);
  });
  return null;
}

function subscribe(modem, [, topic, qos]) {
  if (!modem.mqtt?.up) return ERROR;
  void modem.settle(modem.mqtt.subscribe(topic, Number(qos)));
  return null;
}

function leave(modem) {
  if (!modem.mqtt?.up) return ERROR;
  modem.mqtt.leave();
  return [];
}

function fileWrite(modem, [, name, size], row) {
  modem.line.prompt(row.prompt, Number(size), (data) => {
    modem.files.set(name, data);
    modem.line.answer([], 'OK');
  });
  return null;
}

export const ANSWERS = {
  attention: fine, errors: fine, mode: fine, edrx: fine, context: fine, files_begin: fine, files_end: fine,
  tls_version: fine, tls_clock: fine,
  echo: (modem, [command]) => {
    modem.line.echo = command.endsWith('1');
    return [];
  },
  pin_state: pinState, pin, cell, clock, activate, psm_granted: granted,
  kind: (modem, [, kind]) => {
    modem.kind = kind;
    return [];
  },
  local_time: (modem, [, on]) => {
    modem.clts = on === '1';
    const nitz = modem.get('nitz_s');
    if (modem.clts && nitz !== null && modem.registration() === 1) modem.setClock(nitz);
    return [];
  },
  psm: (modem, [, asked]) => {
    modem.psm = asked !== '0';
    modem.touch();
    return [];
  },
  application_context: (modem, [, apn]) => {
    modem.apn = apn;
    return [];
  },
  registration: (modem) => [`+CEREG: 0,${modem.registration()}`],
  file_size: (modem, [, name]) => (modem.files.has(name) ? [`+CFSGFIS: ${modem.files.get(name).length}`] : NOT_FOUND),
  file_write: fileWrite,
  tls_name: (modem, [, name]) => {
    modem.session.name = name;
    return [];
  },
  tls_authority: (modem, [, name]) => (modem.files.has(name) ? [] : ERROR),
  mqtt_tls: (modem, [, , name]) => {
    modem.tls = name ?? null;
    return [];
  },
  mqtt_setting: setting, mqtt_connect: connect, mqtt_publish: publish, mqtt_subscribe: subscribe, mqtt_leave: leave,
  mqtt_state: (modem) => [`+SMSTATE: ${modem.mqtt?.up ? 1 : 0}`],
  power_off: (modem) => {
    modem.later(0.1e9, () => modem.stop());
    return [];
  },
}; // prettier-ignore
