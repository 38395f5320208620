/** What an ultrasonic ranger hears: surface, obstacles, rain, lost echoes, and sound that is faster in warm air. */

import { gauss } from './random.mjs';
import { Surroundings } from './surroundings.mjs';

const OBSTACLE_SHARE = 0.4; // of the pings that an obstacle in the beam takes: assumed

/** m/s in air of so many degrees Celsius: 331.3 sqrt(1 + t / 273.15). */
export const soundSpeed = (celsius) => 331.3 * Math.sqrt(1 + celsius / 273.15);

export class Echo {
  /**
   * name: of the part. near, far: its range, mm. noise: mm of one standard deviation. sound: m/s by which it computes; null: it
   * measures the air's temperature. more: {value: default} of the part's own.
   */
  constructor(host, { name, near, far, noise, sound = null, more = {} }) {
    Object.assign(this, { host, near, far, noise, sound, last: null });
    this.around = new Surroundings(name, {
      distance_mm: 1200, obstructed_mm: null, air_c: null, noise: 1, rain: 0, echo_loss: 0, stuck: false,
      absent: false, brown: false, ...more,
    }); // prettier-ignore
  }

  get(value) {
    return this.around.get(value, this.host.now());
  }

  /** mm of the nearest surface that one ping finds; null: no echo; below `near` the blind zone, where a part has its own ways. */
  ping() {
    if (this.last !== null && this.get('stuck')) return this.last.mm;
    this.last = { mm: this.#measure() };
    return this.last.mm;
  }

  /**
   * values: distance_mm (null: nothing there), obstructed_mm (something that takes part of the pings), air_c (null: as it computes),
   * noise (times its own), rain and echo_loss (shares of the pings), stuck (the last one again and again); for the part: absent
   * (unplugged), brown (the supply gives way at each ping: it tells nothing).
   */
  #measure() {
    const chance = (share) => share > 0 && this.host.random() < share;
    if (chance(this.get('echo_loss'))) return null;
    let mm = this.get('distance_mm');
    const obstacle = this.get('obstructed_mm');
    if (obstacle !== null && chance(OBSTACLE_SHARE)) mm = obstacle;
    if (chance(this.get('rain'))) mm = this.near + this.host.random() * Math.max(0, (mm ?? this.far) - this.near);
    if (mm === null) return null;
    const air = this.get('air_c');
    if (this.sound !== null && air !== null) mm *= this.sound / soundSpeed(air);
    mm = Math.round(mm + this.get('noise') * this.noise * gauss(() => this.host.random()));
    return mm > this.far ? null : Math.max(0, mm);
  }
}
