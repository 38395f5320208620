// What a part on the board sees: time, its pins, its bus, the air, and two ways to report (current, misuse).

const I2C_FUNCTION = 3;
const SPI_FUNCTION = 1;

/** The seam between a board and one of its parts (`parts/<chip>.mjs`). */
export class PartHost {
  /** board: Board. part: the part's name. wiring: its pins and bus as the board file has them. */
  constructor(board, part, wiring) {
    this.board = board;
    this.part = part;
    this.wiring = wiring;
    this.name = board.name;
    this.position = board.position;
    this.air = board.world.air;
  }

  /** World time of this board, ns; it never goes back, also not over a power cut. */
  now() {
    return this.board.clock.nanosCounter;
  }

  /** Calls `callback` at an instant (ns); returns an alarm with cancel(). */
  at(nanos, callback) {
    const alarm = this.board.clock.createAlarm(callback);
    alarm.outside = true;
    alarm.at(nanos);
    return alarm;
  }

  /** One wire: read(), drive(0 | 1 | null), pullUp(), onChange(fn(level, ns)), duty(windowNs), onDuty(fn(duty, hz, ns)). */
  pin(gpio) {
    const { board } = this;
    return {
      read: () => board.pins.level(gpio),
      drive: (level) => board.pins.drive(gpio, level),
      pullUp: () => board.pins.pullUp(gpio),
      onChange: (listener) => board.pins.onChange(gpio, listener),
      duty: (windowNanos) => board.duty(gpio, windowNanos),
      onDuty: (listener) => board.onDuty(gpio, listener),
    };
  }

  /** A serial line: send(bytes, baud = 9600), onByte(fn(value, ns)), baud(), open(), onOpen(fn). */
  uart(index) {
    const line = this.board.buses.uart[index];
    return {
      send: (bytes, baud = this.wiring.baud ?? 9600) => line.send(bytes, baud, this.wiring.rx),
      onByte: (listener) => line.hears.push(listener),
      baud: () => line.baud(),
      open: () => line.open(),
      onOpen: (listener) => line.opened.push(listener),
    };
  }

  /** An I2C bus: attach(address, {start(write), write(byte), read(), stop()}); on this part's own pins only. */
  i2c(index) {
    const bus = this.board.buses.i2c[index];
    const { sda, scl } = this.wiring;
    if (sda !== undefined && scl !== undefined) bus.listen(sda, scl);
    return {
      attach: (address, target) => {
        const routed = () => sda === undefined || this.board.routed([sda, scl], I2C_FUNCTION) || bus.acknowledging || bus.active;
        bus.targets.set(address, {
          start: (write) => routed() && target.start(write),
          write: (value) => target.write(value),
          read: () => target.read(),
          stop: () => target.stop(),
        });
      },
    };
  }

  /** An SPI bus: onTransfer(fn(byteOut) -> byteIn), called for every byte on it; the part watches its own NSS. */
  spi(index) {
    const bus = this.board.buses.spi[index];
    const { sck, mosi, miso } = this.board.wiring.PINS;
    return {
      onTransfer: (exchange) => {
        bus.exchange = (value) => (this.board.routed([sck, mosi, miso], SPI_FUNCTION) ? exchange(value) : 0);
      },
    };
  }

  /** Evenly spread in [0, 1), from the world's seed, this board's name and the part's. */
  random() {
    return this.board.random(this.part) / 2 ** 32;
  }

  /** The part was used against its datasheet. */
  refuse(sentence) {
    this.board.refuse(this.part, sentence);
  }

  /** From now on the part (or one of its sub-parts) draws so many microamperes. */
  current(part, state, microamps) {
    this.board.energy.set(part, state, microamps, this.now());
  }
}
