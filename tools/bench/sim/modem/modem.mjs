// A SIM7080G as its AT commands show it. `sim7080g.json` says what it understands, how long things take, what each state draws,
// and where each of these comes from; a command that is not there is an ERROR. Emulated: nothing was compared with a module.
import fs from 'node:fs';
import { Surroundings } from '../surroundings.mjs';
import { ANSWERS } from './answers.mjs';
import { Line } from './line.mjs';
import { Mqtt } from './mqtt.mjs';

const TABLE = JSON.parse(fs.readFileSync(new URL('./sim7080g.json', import.meta.url)));
const COMMANDS = TABLE.commands.map((row) => ({ ...row, form: new RegExp(row.form) }));
const second = (name) => TABLE.times_s[name][0] * 1e9;
const ANSWER_NS = 20e6;
const POLL_NS = 10e6;
const LOST_NS = 2e9;
const OUT_MS = 20; // of real time, for a message to leave this machine's socket

/** What surrounds it. nitz_s: Unix seconds that the network tells, null: none. psm: {active_s, tau_s} as granted, null: refused. */
const AROUND = {
  sim: 'ready', pin: '1234', apn: 'iot.example', coverage: true, denied: false, register_s: 3, nitz_s: 1798761600, zone: 4,
  rsrp: -95, rsrq: -11, rssi: -65, rssnr: 14, psm: null, noise: false, hang: false,
}; // prettier-ignore

export class Modem {
  /** world: {now(): ns, at(ns, callback): {cancel()}, send(bytes), current(state, uA), random()}. options: as `set`. */
  constructor(world, options = {}) {
    this.world = world;
    this.around = new Surroundings('sim7080g', AROUND);
    this.line = new Line((bytes) => this.awake && world.send(bytes), (command) => this.#run(command));
    Object.assign(this, { state: 'off', files: new Map(), pinTries: 3, unknown: [], commands: [], keyed: null, waiting: 0, events: [], wire: [0, 0], loses: false });
    this.set(options);
    this.#clear();
  }

  #clear() {
    Object.assign(this, { pinned: false, since: Infinity, bearer: false, session: {}, mqtt: null, psm: false, clts: false, tls: null, apn: '', clockAt: null });
    this.line.reset();
  }

  get awake() {
    return this.state === 'on';
  }

  get(name) {
    return this.around.get(name, this.world.now());
  }

  /**
   * AROUND; and once: urc (text between the lines of the next answer), cut (bytes after which it breaks off), flood (bytes of a URC),
   * lose (the next message goes out, and the network is lost before its answer).
   */
  set({ urc, cut, flood, lose, ...values }) {
    if (lose !== undefined) this.loses = lose;
    if (urc !== undefined) this.line.faults.urc = urc;
    if (cut !== undefined) this.line.faults.cut = cut;
    if (flood !== undefined) this.say(`+FLOOD: ${'x'.repeat(flood)}`);
    this.around.set(values);
    if (this.awake && values.coverage === false) this.#outOfReach();
    if (this.awake && values.coverage) this.search();
  }

  ledger() {
    const { sent, received } = this.mqtt?.bytes() ?? { sent: 0, received: 0 };
    return {
      state: this.state, commands: this.commands, unknown: this.unknown, pin_tries: this.pinTries, why: this.why ?? '',
      sent: this.wire[0] + sent, received: this.wire[1] + received, uart_in: this.line.heard, uart_out: this.line.said,
    }; // prettier-ignore
  }

  draw(state) {
    this.world.current(state, TABLE.currents_ua[state][0]);
  }

  later(nanos, callback) {
    const { started } = this;
    return this.world.at(this.world.now() + nanos, () => started === this.started && callback());
  }

  say(text) {
    if (this.awake) this.line.say(text);
  }

  // --- power ---

  /** PWRKEY: 1 while the host pulls it low. */
  key(level) {
    const now = this.world.now();
    if (level) this.keyed = now;
    if (level || this.keyed === null) return;
    const held = now - this.keyed;
    this.keyed = null;
    if ((this.state === 'off' || this.state === 'psm') && held >= second('key')) this.#start(this.state === 'psm');
    else if (this.awake && held >= second('hold_off')) this.stop();
  }

  #start(woken) {
    this.started = {};
    this.state = 'booting';
    this.draw('booting');
    const pinned = woken && this.pinned;
    const psm = this.psm;
    this.#clear();
    Object.assign(this, { pinned, psm });
    this.later(second(woken ? 'wake' : 'boot'), () => {
      this.state = 'on';
      this.around.set({ hang: false });
      this.#greet(woken);
    });
  }

  #greet(woken) {
    if (this.get('noise')) this.line.out([0, 255, 128, 65, 84, 13, 10, 254].map((one) => String.fromCharCode(one)).join(''));
    this.say('RDY');
    this.say('+CFUN: 1');
    const state = this.simState();
    this.say(`+CPIN: ${state === 'ABSENT' ? 'NOT INSERTED' : state}`);
    this.draw('idle');
    if (state === 'READY') this.ready(woken);
  }

  /** The SIM is open: search. */
  ready(woken = false) {
    this.say('SMS Ready');
    this.search(woken);
  }

  /** Without power key and command: the supply is gone. */
  stop(said = 'NORMAL POWER DOWN') {
    if (said) this.say(said);
    this.drop();
    Object.assign(this, { started: {}, state: 'off' });
    this.draw('off');
  }

  // --- SIM and network ---

  simState() {
    const sim = this.get('sim');
    if (sim === 'absent') return 'ABSENT';
    if (this.pinTries === 0) return 'SIM PUK';
    return sim === 'pin' && !this.pinned ? 'SIM PIN' : 'READY';
  }

  search(woken = false) {
    if (!this.get('coverage')) return;
    this.since = this.world.now() + (woken ? 0.2e9 : this.get('register_s') * 1e9);
    this.draw('searching');
    this.later(this.since - this.world.now(), () => this.#registered());
  }

  #registered() {
    this.draw('idle');
    if (this.registration() !== 1) return;
    const nitz = this.get('nitz_s');
    if (this.clts && nitz !== null) this.setClock(nitz);
    this.touch();
  }

  setClock(unix) {
    this.clockAt = { unix, nanos: this.world.now() };
    const at = new Date(unix * 1000);
    const parts = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
    this.say(`*PSUTTZ: ${parts.join(',')},"+${String(this.get('zone')).padStart(2, '0')}",0`);
  }

  /** +CEREG: 0 not searching, 1 registered, 2 searching, 3 denied. */
  registration() {
    if (this.simState() !== 'READY') return 0;
    if (!this.get('coverage') || this.world.now() < this.since) return 2;
    return this.get('denied') ? 3 : 1;
  }

  #outOfReach() {
    this.since = Infinity;
    this.draw('searching');
    this.mqtt?.cut();
    this.later(LOST_NS, () => {
      this.bearer = false;
      this.say('+APP PDP: 0,DEACTIVE');
    });
  }

  /** There was traffic: PSM begins after the granted active time without any. */
  touch() {
    this.idle?.cancel();
    const psm = this.get('psm');
    if (psm && this.psm) this.idle = this.later(psm.active_s * 1e9, () => this.#rest());
  }

  #rest() {
    if (this.mqtt?.up) return;
    this.drop();
    this.state = 'psm';
    this.draw('psm');
  }

  // --- MQTT ---

  drop() {
    if (!this.mqtt) return;
    const { sent, received } = this.mqtt.bytes();
    this.wire = [this.wire[0] + sent, this.wire[1] + received];
    this.mqtt.lost = () => {};
    this.mqtt.cut();
    this.mqtt = null;
    this.events.length = 0;
  }

  connect() {
    this.drop();
    const ca = this.tls ? this.files.get(this.tls) : undefined;
    this.mqtt = new Mqtt({ ...this.session, ca }, (topic, payload) => this.#came(topic, payload), () => this.#later(() => this.say('+SMSTATE: 0')));
    this.#poll();
    const { mqtt } = this;
    return mqtt.connect().finally(() => (this.why = mqtt.why));
  }

  #came(topic, payload) {
    this.#later(() => {
      this.draw('transmitting');
      this.later(second('air'), () => this.draw('idle'));
      this.say(`+SMSUB: "${topic}","${payload.toString('latin1')}"`);
      this.touch();
    });
  }

  /** What happened on the socket is taken up at the next look, in the time of the world. */
  #later(callback) {
    this.events.push(callback);
  }

  #poll() {
    this.polling?.cancel();
    this.polling = this.later(POLL_NS, () => {
      for (const one of this.events.splice(0)) one();
      if (this.mqtt || this.waiting) this.#poll();
    });
  }

  /** Answers OK or ERROR once a promise of the socket is settled; it is on the air meanwhile. */
  async settle(promise) {
    this.waiting += 1;
    this.draw('transmitting');
    const ok = await promise;
    this.waiting -= 1;
    this.#later(() => {
      this.later(second('air'), () => {
        this.draw('idle');
        this.touch();
        this.line.answer([], ok ? 'OK' : 'ERROR');
      });
    });
  }

  /** A message to the broker. */
  publish(topic, data, qos) {
    const sent = this.mqtt.publish(topic, data, qos);
    if (!this.loses) return sent;
    this.loses = false;
    return new Promise((resolve) => {
      setTimeout(() => {
        this.set({ coverage: false });
        resolve(false);
      }, OUT_MS);
    });
  }

  // --- commands ---

  #run(command) {
    if (!this.awake || this.get('hang')) return;
    this.commands.push(command);
    const row = COMMANDS.find((one) => one.form.test(command));
    if (!row) {
      this.unknown.push(command);
      this.later(ANSWER_NS, () => this.line.answer([], 'ERROR'));
      return;
    }
    this.touch();
    this.later(ANSWER_NS, () => {
      const found = ANSWERS[row.name](this, command.match(row.form), row);
      if (found === null) return; // it answers later, or waits for data
      const [lines, final] = typeof found === 'string' ? [[], found] : [found, 'OK'];
      this.line.answer(lines, final);
    });
  }
}
