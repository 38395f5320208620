// The wires of one board: what the chip drives, what a part drives, the pulls, and the listeners.
// rp2040js neither reads back its own outputs nor applies pulls.

const FUNCTION_UART = 2;
const FUNCTION_PWM = 4;
const IO_BANK0 = 0x40014;
const CONTROL_END = 0xf0;
const COUNT = 30;

/** Electrical nets of GPIO 0..29. Outlives chip resets: parts keep driving, listeners stay. */
export class Pins {
  /** onContention(gpio): chip and part drive a wire to different levels. onFunction(gpio): the pin's function may have changed. */
  constructor(clock) {
    this.clock = clock;
    this.levels = new Uint8Array(COUNT);
    this.driven = new Array(COUNT).fill(null);
    this.pulled = new Uint8Array(COUNT);
    this.listeners = Array.from({ length: COUNT }, () => []);
    this.chip = null;
    this.onContention = null;
    this.onFunction = null;
  }

  attach(mcu) {
    this.chip = mcu;
    mcu.gpio.forEach((pin, gpio) => {
      pin.addListener(() => this.update(gpio));
      pin.setInputValue(this.levels[gpio] === 1);
    });
    const io = mcu.peripherals[IO_BANK0];
    const write = io.writeUint32.bind(io);
    io.writeUint32 = (offset, value) => {
      write(offset, value);
      if (offset < CONTROL_END && offset & 4) this.functionChanged(offset >> 3);
    };
    for (let gpio = 0; gpio < COUNT; gpio++) this.update(gpio);
  }

  functionChanged(gpio) {
    this.update(gpio);
    this.onFunction?.(gpio);
  }

  /** No power: nothing but the parts drives, and pulls are gone. */
  detach() {
    this.chip = null;
    for (let gpio = 0; gpio < COUNT; gpio++) this.update(gpio);
  }

  /** Level of a wire now, also of one that the chip's PWM drives. */
  level(gpio) {
    const pin = this.chip?.gpio[gpio];
    const outside = this.driven[gpio];
    if (!pin) return outside ?? 0;
    if (pin.outputEnable) {
      const inside = pin.outputValue ? 1 : 0;
      if (outside !== null && outside !== inside && pin.functionSelect !== FUNCTION_PWM) this.onContention?.(gpio);
      return inside;
    }
    if (outside !== null) return outside;
    if ((pin.ctrl & 0x1f) === FUNCTION_UART && gpio % 4 === 0) return 1; // TX rests high; bytes are no edges here
    if (pin.pullupEnabled && pin.pulldownEnabled) return this.levels[gpio];
    return pin.pullupEnabled || this.pulled[gpio] ? 1 : 0;
  }

  update(gpio) {
    const level = this.level(gpio);
    if (level === this.levels[gpio]) return;
    this.levels[gpio] = level;
    if (this.chip) this.chip.gpio[gpio].setInputValue(level === 1);
    for (const listener of this.listeners[gpio]) listener(level, this.clock.nanos);
  }

  /** A part drives a wire: 0, 1 or null for high impedance. */
  drive(gpio, level) {
    if (this.driven[gpio] === level) return;
    this.driven[gpio] = level;
    this.update(gpio);
  }

  /** A resistor to the board's supply holds a wire up that nobody drives. */
  pullUp(gpio) {
    this.pulled[gpio] = 1;
    this.update(gpio);
  }

  onChange(gpio, listener) {
    this.listeners[gpio].push(listener);
  }

  /** What GPIO_IN reads; an input buffer that is switched off reads 0. PWM outputs are computed now. */
  inputBits() {
    const { gpio } = this.chip;
    let bits = 0;
    for (let i = 0; i < COUNT; i++) {
      const pin = gpio[i];
      if (!(pin.padValue & 0x40)) continue;
      if ((pin.ctrl & 0x1f) === FUNCTION_PWM ? this.level(i) : this.levels[i]) bits |= 1 << i;
    }
    return bits;
  }

  isPwm(gpio) {
    return this.chip?.gpio[gpio].functionSelect === FUNCTION_PWM;
  }
}
