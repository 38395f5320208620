// The MQTT 3.1.1 client in a modem (OASIS MQTT 3.1.1, chapters 2 and 3), over a real socket, with TLS where a CA is given.
import net from 'node:net';
import tls from 'node:tls';

const [CONNACK, PUBLISH, PUBACK, SUBACK] = [2, 3, 4, 9];

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

function packet(first, ...parts) {
  const body = Buffer.concat(parts);
  const length = [];
  for (let left = body.length; length.length === 0 || left > 0; left >>= 7) length.push((left & 127) | (left > 127 ? 128 : 0));
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

export class Mqtt {
  /** session: {host, port, client, user, password, keepalive_s, clean, ca, name}. message(topic, payload), lost(). */
  constructor(session, message, lost) {
    Object.assign(this, { session, message, lost, socket: null, raw: null, number: 0, asked: new Map(), rest: Buffer.alloc(0), up: false });
  }

  /** Bytes on the wire, TLS included: {sent, received}. */
  bytes() {
    return { sent: this.raw?.bytesWritten ?? 0, received: this.raw?.bytesRead ?? 0 };
  }

  /** TCP, TLS, CONNECT. Resolves to whether the broker took us; `why` says the reason to the tests. */
  connect() {
    const { host, port, ca, name } = this.session;
    return new Promise((resolve) => {
      this.asked.set('connect', (ok, why) => {
        this.why = why ?? '';
        resolve(ok);
      });
      this.raw = net.connect({ host, port, noDelay: true });
      const secure = { socket: this.raw, ca, servername: net.isIP(name ?? host) ? '' : (name ?? host), maxVersion: 'TLSv1.2' };
      this.socket = ca ? tls.connect({ ...secure, checkServerIdentity: () => undefined }) : this.raw;
      this.socket.on(ca ? 'secureConnect' : 'connect', () => this.#hello());
      this.socket.on('data', (data) => this.#take(data));
      this.socket.on('error', (error) => this.#gone(error.code ?? error.message));
      this.socket.on('close', () => this.#gone('closed'));
      if (ca) this.raw.on('error', (error) => this.#gone(error.code));
    });
  }

  #hello() {
    const { client, user, password, keepalive_s: keepalive, clean } = this.session;
    const flags = (user ? 0x80 : 0) | (password ? 0x40 : 0) | (clean ? 2 : 0);
    const parts = [text('MQTT'), Buffer.from([4, flags, keepalive >> 8, keepalive & 255]), text(client)];
    if (user) parts.push(text(user));
    if (password) parts.push(text(password));
    this.socket.write(packet(0x10, ...parts));
  }

  #ask(key, data) {
    return new Promise((resolve) => {
      this.asked.set(key, resolve);
      this.socket.write(data);
    });
  }

  #next() {
    this.number = (this.number % 65535) + 1;
    return Buffer.from([this.number >> 8, this.number & 255]);
  }

  /** Resolves to whether the broker grants it. */
  subscribe(topic, qos) {
    const number = this.#next();
    return this.#ask(`sub${this.number}`, packet(0x82, number, text(topic), Buffer.from([qos])));
  }

  /** Resolves to whether the broker has it: at once at QoS 0. */
  publish(topic, payload, qos) {
    if (!qos) {
      this.socket.write(packet(0x30, text(topic), payload));
      return Promise.resolve(true);
    }
    const number = this.#next();
    return this.#ask(`pub${this.number}`, packet(0x32, text(topic), number, payload));
  }

  ping() {
    this.socket.write(Buffer.from([0xc0, 0]));
  }

  /** DISCONNECT and close. */
  leave() {
    this.up = false;
    this.socket?.end(Buffer.from([0xe0, 0]));
  }

  /** The bearer is gone: nothing more comes or goes. */
  cut() {
    this.raw?.destroy();
    this.#gone('cut');
  }

  #gone(why) {
    for (const resolve of this.asked.values()) resolve(false, why);
    this.asked.clear();
    if (this.up) {
      this.up = false;
      this.lost();
    }
  }

  #take(data) {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      let [length, at, shift] = [0, 1, 0];
      for (; at < this.rest.length; shift += 7) {
        const byte = this.rest[at++];
        length |= (byte & 127) << shift;
        if (byte < 128) break;
        if (at === this.rest.length) return;
      }
      if (this.rest.length < 2 || this.rest.length < at + length) return;
      this.#handle(this.rest[0], this.rest.subarray(at, at + length));
      this.rest = this.rest.subarray(at + length);
    }
  }

  #handle(first, body) {
    const answered = (key, ok, why) => {
      const resolve = this.asked.get(key);
      this.asked.delete(key);
      resolve?.(ok, why);
    };
    const kind = first >> 4;
    if (kind === CONNACK) {
      this.up = body[1] === 0;
      answered('connect', this.up, `refused ${body[1]}`);
    } else if (kind === PUBACK) answered(`pub${body.readUInt16BE(0)}`, true);
    else if (kind === SUBACK) answered(`sub${body.readUInt16BE(0)}`, body[2] < 128);
    else if (kind === PUBLISH) this.#message(first, body);
  }

  #message(first, body) {
    const size = body.readUInt16BE(0);
    let at = 2 + size;
    if (first & 6) {
      this.socket.write(packet(0x40, body.subarray(at, at + 2)));
      at += 2;
    }
    this.message(body.toString('utf8', 2, 2 + size), body.subarray(at));
  }
}
