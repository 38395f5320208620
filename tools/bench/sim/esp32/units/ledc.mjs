// LEDC (TRM 14): 8 high-speed and 8 low-speed PWM channels; their outputs are computed, not toggled.

const CHANNEL = 0x14;
const TIMERS = 0x140; // four high-speed, four low-speed: {configuration, value}
const HIGH_SIGNAL = 71; // matrix outputs of the high-speed channels; the low-speed ones follow
const COUNT = 16;
const APB_HZ = 80e6;
const REFERENCE_HZ = 1e6;
const GPIOS = 40;
const ENABLE = 1 << 2;
const UPDATE = 1 << 31; // DUTY_START

export class Ledc {
  constructor(chip, offset) {
    this.chip = chip;
    this.io = chip.memory.registers(offset);
    this.duties = new Int32Array(COUNT); // in force, in 1/16 of a count
    this.frozen = new Set(); // pins that were refused
  }

  get(offset) {
    return this.io[offset >> 2];
  }

  read(offset) {
    if (offset < TIMERS && offset % CHANNEL === 0x10) return this.duties[offset / CHANNEL | 0];
    return undefined;
  }

  write(offset, value) {
    this.io[offset >> 2] = value;
    if (offset < TIMERS && offset % CHANNEL === 0x0c && value & UPDATE) {
      this.duties[(offset / CHANNEL) | 0] = this.get(offset - 4) & 0x1ffffff;
      this.io[offset >> 2] = value & ~UPDATE;
    }
    this.chip.dutyMoved?.();
    return true;
  }

  /** Light sleep takes the clock: a pin that is dimmed stands at one level or the other, by chance. */
  stop() {
    for (let gpio = 0; gpio < GPIOS; gpio += 1) {
      const channel = this.channelAt(gpio);
      const { duty, hertz } = channel === undefined ? { hertz: 0 } : this.output(channel);
      if (!hertz || duty === 0 || duty === 1 || this.frozen.has(gpio)) continue;
      this.frozen.add(gpio);
      this.chip.refuse('ledc', `GPIO${gpio} is dimmed as light sleep begins, which stops its PWM at a level by chance: stay awake, or give it a level`);
    }
  }

  /** The channel whose output the matrix puts on a pin, or undefined. */
  channelAt(gpio) {
    const channel = this.chip.units.gpio.signal(gpio) - HIGH_SIGNAL;
    return channel >= 0 && channel < COUNT ? channel : undefined;
  }

  /** {duty 0..1, hertz} of a channel as it is set now; 0 Hz: its level stands still. */
  output(channel) {
    const configuration = this.get(channel * CHANNEL);
    if (!(configuration & ENABLE)) return { duty: (configuration >> 3) & 1, hertz: 0 };
    const timer = this.get(TIMERS + ((channel >> 3) * 4 + (configuration & 3)) * 8);
    const bits = timer & 31;
    const divider = ((timer >>> 5) & 0x3ffff) / 256;
    const hertz = divider ? ((timer >>> 25) & 1 ? APB_HZ : REFERENCE_HZ) / divider / 2 ** bits : 0;
    return { duty: Math.min(1, this.duties[channel] / 16 / 2 ** bits), hertz };
  }
}
