// What runs between chip and parts and outlives a reset of the chip: serial lines and I2C wires.

/** One UART's two wires as a part sees them. */
export class SerialLine {
  constructor(clock) {
    this.clock = clock;
    this.uart = null;
    this.listens = () => false;
    this.hears = [];
    this.opened = [];
    this.queue = [];
    this.alarm = clock.createAlarm(() => this.arrive());
    this.alarm.outside = true;
  }

  /** A new chip: its UART is on the wires now. listens(rx): whether it hears that pin. */
  connect(uart, listens) {
    this.uart = uart;
    this.listens = listens;
    uart.onByte = (value) => this.hears.forEach((hear) => hear(value, this.clock.nanos));
    uart.onOpen = () => this.opened.forEach((tell) => tell());
  }

  disconnect() {
    this.uart = null;
    this.queue.length = 0;
    this.alarm.cancel();
  }

  open() {
    return this.uart !== null && this.uart.hears;
  }

  baud() {
    return this.uart ? this.uart.baud : 0;
  }

  /** Sends bytes towards the chip's pin `rx`, 10 bit times each at `baud`. */
  send(bytes, baud, rx) {
    for (const value of bytes) this.queue.push({ value, baud, rx });
    if (!this.alarm.scheduled && this.queue.length) this.alarm.schedule(1e10 / this.queue[0].baud);
  }

  arrive() {
    const { value, baud, rx } = this.queue.shift();
    if (this.uart && this.listens(rx)) this.uart.receive(value, baud);
    if (this.queue.length) this.alarm.schedule(1e10 / this.queue[0].baud);
  }
}

/**
 * The targets of one I2C bus, and a decoder on its pins: MicroPython sends transfers of no bytes (i2c.scan) by toggling the
 * pins itself. Only the address is decoded there, as nothing more is sent that way.
 */
export class TwoWire {
  constructor(pins) {
    this.pins = pins;
    this.targets = new Map();
    this.listening = false;
  }

  listen(sda, scl) {
    if (this.listening) return;
    this.listening = true;
    Object.assign(this, { sda, scl, active: false, bits: 0, address: 0, acknowledging: false });
    this.pins.onChange(sda, (level) => this.data(level));
    this.pins.onChange(scl, (level) => this.clock(level));
  }

  /** SDA moving while SCL is high starts or stops a transfer. */
  data(level) {
    if (this.acknowledging || !this.pins.levels[this.scl]) return;
    this.active = level === 0;
    this.bits = 0;
    this.address = 0;
  }

  clock(level) {
    if (!this.active) return;
    if (level) {
      if (this.bits < 8) this.address = (this.address << 1) | this.pins.levels[this.sda];
      this.bits += 1;
    } else if (this.acknowledging) {
      this.active = false;
      this.pins.drive(this.sda, null);
      this.acknowledging = false;
    } else if (this.bits === 8) {
      this.acknowledge();
    }
  }

  acknowledge() {
    const target = this.targets.get(this.address >> 1);
    const acknowledged = target !== undefined && target.start((this.address & 1) === 0) !== false;
    target?.stop();
    this.active = acknowledged;
    this.acknowledging = acknowledged;
    if (acknowledged) this.pins.drive(this.sda, 0);
  }
}
