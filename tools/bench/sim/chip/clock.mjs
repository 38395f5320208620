// The clock of one board: nanoseconds of world time and the alarms waiting for theirs.

/** Something that happens once at an instant; made by `Clock.createAlarm` or `Clock.at`. */
export class Alarm {
  constructor(clock, callback) {
    this.clock = clock;
    this.callback = callback;
    this.next = null;
    this.nanos = 0;
    this.scheduled = false;
  }

  /** Fires `delta` nanoseconds from now; a waiting alarm is moved. */
  schedule(delta) {
    this.at(this.clock.nanosCounter + delta);
  }

  /** Fires at `nanos`, or at once when that has passed. */
  at(nanos) {
    if (this.scheduled) this.clock.unlink(this);
    this.nanos = nanos < this.clock.nanosCounter ? this.clock.nanosCounter : nanos;
    this.clock.link(this);
  }

  cancel() {
    if (this.scheduled) this.clock.unlink(this);
  }
}

/**
 * Replaces rp2040js's SimulationClock, which runs alarms of equal time last in, first out: here they run in the order in
 * which they were set. `onSooner(nanos)` tells the scheduler that the next alarm moved forward.
 */
export class Clock {
  constructor(nanos = 0) {
    this.nanosCounter = nanos || -0; // a double from the start, see memory.mjs
    this.nextAlarm = null;
    this.nextNanos = Infinity;
    this.onSooner = null;
  }

  get nanos() {
    return this.nanosCounter;
  }

  get micros() {
    return this.nanosCounter / 1000;
  }

  createAlarm(callback) {
    return new Alarm(this, callback);
  }

  /** Calls `callback` at `nanos`; returns the alarm, which can be cancelled. */
  at(nanos, callback) {
    const alarm = new Alarm(this, callback);
    alarm.at(nanos);
    return alarm;
  }

  link(alarm) {
    let last = null;
    let item = this.nextAlarm;
    while (item && item.nanos <= alarm.nanos) {
      last = item;
      item = item.next;
    }
    alarm.next = item;
    alarm.scheduled = true;
    if (last) {
      last.next = alarm;
      return;
    }
    this.nextAlarm = alarm;
    this.nextNanos = alarm.nanos;
    this.onSooner?.(alarm.nanos);
  }

  unlink(alarm) {
    alarm.scheduled = false;
    if (this.nextAlarm === alarm) {
      this.nextAlarm = alarm.next;
      this.nextNanos = alarm.next ? alarm.next.nanos : Infinity;
      return;
    }
    for (let item = this.nextAlarm; item; item = item.next) {
      if (item.next === alarm) {
        item.next = alarm.next;
        return;
      }
    }
  }

  /** Moves time to `target`, running every alarm on the way at its own instant. */
  advance(target) {
    while (this.nextNanos <= target) {
      const alarm = this.nextAlarm;
      this.nextAlarm = alarm.next;
      this.nextNanos = alarm.next ? alarm.next.nanos : Infinity;
      alarm.scheduled = false;
      if (alarm.nanos > this.nanosCounter) this.nanosCounter = alarm.nanos;
      alarm.callback();
    }
    if (target > this.nanosCounter) this.nanosCounter = target;
  }
}
