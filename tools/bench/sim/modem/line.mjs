// The AT line of a modem: echo, commands in, answers out. ITU-T V.250: a command ends with CR, an answer is CR LF text CR LF.

const CR = 13;
const LF = 10;

export class Line {
  /** send(bytes): to the host. run(command): a whole line came. faults: {cut, urc}, each used up by one answer. */
  constructor(send, run) {
    Object.assign(this, { send, run, faults: {}, heard: 0, said: 0 });
    this.reset();
  }

  /** As after a start. */
  reset() {
    Object.assign(this, { echo: true, buffer: [], wants: 0, data: [], taken: null });
  }

  /** A byte from the host. */
  receive(byte) {
    this.heard += 1;
    if (this.wants) return this.#collect(byte);
    if (this.echo) this.out([byte]);
    if (byte === CR) {
      const command = Buffer.from(this.buffer).toString('latin1');
      this.buffer = [];
      if (command) this.run(command);
    } else if (byte !== LF) {
      this.buffer.push(byte);
    }
  }

  #collect(byte) {
    this.data.push(byte);
    if (this.data.length < this.wants) return;
    const [taken, data] = [this.taken, Buffer.from(this.data)];
    Object.assign(this, { wants: 0, data: [], taken: null });
    taken(data);
  }

  /** Asks for so many bytes; taken(data) gets them. */
  prompt(text, count, taken) {
    Object.assign(this, { wants: count, data: [], taken });
    this.out(text === '>' ? '\r\n> ' : `\r\n${text}\r\n`);
  }

  /** One line to the host: a result code, an answer or a URC. */
  say(text) {
    this.out(`\r\n${text}\r\n`);
  }

  /** Answer lines and the final result code; a URC may come between them, or the line may break off. */
  answer(lines, final) {
    const { urc, cut } = this.faults;
    this.faults = {};
    const between = urc === undefined ? [] : [urc];
    const text = [...lines, ...between, final].map((one) => `\r\n${one}\r\n`).join('');
    this.out(cut === undefined ? text : text.slice(0, cut));
  }

  out(data) {
    const bytes = Buffer.from(data, 'latin1');
    this.said += bytes.length;
    this.send([...bytes]);
  }
}
