// The USB bridge of a dev board on UART0, with its auto-reset circuit: DTR and RTS on EN and GPIO0 (Espressif, ESP32-DevKitC).

/** What the circuit makes of DTR and RTS: {enable, boot}, false where EN or GPIO0 is pulled low. true: the line is asserted. */
export const autoReset = ({ dtr, rts }) => ({ enable: dtr || !rts, boot: rts || !dtr });

/** What a board shows as its USB port; the bridge has power as long as the cable is in, so the port stays open over resets. */
export class Bridge {
  constructor(clock) {
    this.clock = clock;
    this.plugged = true;
    this.reading = true;
    this.outgoing = [];
    this.held = [];
    this.uart = null;
    this.onData = null;
    this.onOpen = null;
    this.alarm = clock.createAlarm(() => this.next());
    this.alarm.outside = true;
  }

  /** A new chip's UART0 is on the bridge. */
  attach(uart) {
    this.uart = uart;
    uart.onByte = (byte) => this.receive(byte);
    this.onOpen?.(this.clock.nanosCounter);
    this.pump();
  }

  lose() {
    this.uart = null;
    this.alarm.cancel();
  }

  receive(byte) {
    if (!this.plugged) return;
    if (this.reading) this.onData?.([byte]);
    else this.held.push(byte);
  }

  /** From the host; bytes go out one after another at the UART's own rate. */
  send(bytes) {
    this.outgoing.push(...bytes);
    this.pump();
  }

  pump() {
    if (this.uart && this.plugged && this.outgoing.length && !this.alarm.scheduled) this.alarm.schedule(this.uart.frameNanos);
  }

  next() {
    if (this.uart) this.uart.receive(this.outgoing.shift());
    this.pump();
  }

  /** The host stops reading: the bridge keeps what comes, as the operating system's buffer would. */
  read(on) {
    this.reading = on;
    if (!on || !this.held.length) return;
    this.onData?.(this.held);
    this.held = [];
  }

  plug(plugged) {
    this.plugged = plugged;
    this.pump();
  }
}
