// A USB host with one CDC-ACM function plugged in, and the device side of the RP2040's buffers it talks to.
// Sources: USB 2.0 chapters 8 and 9; CDC 1.2 PSTN subclass 6.3.10 to 6.3.12; RP2040 datasheet 4.1.2.5 and 4.1.3.
// rp2040js reports a buffer as taken when it is filled; here it is taken when the host reads, so a host that stops reading
// fills the chip's buffers as a real one does.

const AVAILABLE = 1 << 10;
const FULL = 1 << 15;
const LENGTH = 0x3ff;
const DOUBLE_BUFFERED = 1 << 30;
const DEV_SOF = 1 << 17; // in INTR and INTE
const SOF_RD = 0x48;
const SIE_STATUS = 0x50;
const FRAME_NS = 1e6;
const SETUP_RECEIVED = 1 << 17;
const SUSPENDED = 1 << 4;
const IN_CONTROL = 0x80;
const PACKET = 64;
// One full-speed bulk packet of 64 bytes: 19 fit a 1 ms frame (USB 2.0 table 5-9).
const PACKET_NS = 52600;
const ATTACH_NS = 100e6; // debounce, USB 2.0 7.1.7.3
const RESET_NS = 10e6;
const DEVICE = 1;
const CONFIGURATION = 2;
const INTERFACE = 4;
const ENDPOINT = 5;
const CDC_CONTROL = 0x02;
const CDC_DATA = 0x0a;
const BULK = 2;

const setup = (type, request, value, index, length) =>
  Uint8Array.of(type, request, value & 0xff, value >> 8, index & 0xff, index >> 8, length & 0xff, length >> 8);
const getDescriptor = (kind, length) => setup(0x80, 6, kind << 8, 0, length);

export class UsbHost {
  /** onData(bytes, nanos) gets the device's output; onOpen() runs when the port is there. */
  constructor(clock) {
    this.clock = clock;
    this.plugged = true;
    this.reading = true;
    this.open = false;
    this.outgoing = [];
    this.onData = null;
    this.onOpen = null;
    this.usb = null;
  }

  /** A new chip (power-on or reset) is on the cable. Bytes not yet sent stay queued for it. */
  attach(mcu) {
    this.mcu = mcu;
    this.usb = mcu.usbCtrl;
    this.open = false;
    this.armed = new Map();
    this.steps = null;
    this.control = null;
    this.bulkIn = -1;
    this.bulkOut = -1;
    this.enabled = false;
    this.sending = false;
    this.usb.DPRAMUpdated = (offset, value) => this.updated(offset, value);
    this.addFrames();
    this.usb.onUSBEnabled = () => {
      if (this.enabled) return;
      this.enabled = true;
      this.arrive();
    };
    this.usb.onResetReceived = () => this.clock.at(this.clock.nanos + RESET_NS, this.guard(() => this.enumerate()));
  }

  /** The device is gone with its power. Bytes for it are kept. */
  lose() {
    this.usb = null;
    this.mcu = null;
    this.open = false;
  }

  /** Keeps a callback from reaching a chip that was reset in the meantime. */
  guard(callback) {
    const { mcu } = this;
    return () => mcu === this.mcu && callback();
  }

  /** Start-of-frame interrupts (4.1.3), once a millisecond while the chip asks for them; rp2040js has none for devices. */
  addFrames() {
    const { usb } = this;
    const read = usb.readUint32.bind(usb);
    const write = usb.writeUint32.bind(usb);
    const frame = this.clock.createAlarm(() => {
      usb.intRaw |= DEV_SOF;
      usb.checkInterrupts();
      if (usb.intEnable & DEV_SOF && this.plugged) frame.schedule(FRAME_NS);
    });
    usb.readUint32 = (offset) => {
      if (offset !== SOF_RD) return read(offset);
      usb.intRaw &= ~DEV_SOF;
      usb.checkInterrupts();
      return Math.floor(this.clock.nanos / FRAME_NS) & 0x7ff;
    };
    usb.writeUint32 = (offset, value) => {
      // The chip acknowledges a suspended bus by this bit (4.1.4); rp2040js keeps it, and the interrupt never ends.
      if (offset === SIE_STATUS && usb.rawWriteValue & SUSPENDED) usb.sieStatus &= ~SUSPENDED;
      write(offset, value);
      if (usb.intEnable & DEV_SOF && this.plugged && !frame.scheduled) frame.schedule(FRAME_NS);
    };
  }

  arrive() {
    if (!this.plugged || !this.enabled) return;
    this.clock.at(this.clock.nanos + ATTACH_NS, this.guard(() => this.usb.resetDevice()));
  }

  /** The cable: an unplugged device sees a bus without traffic and suspends. */
  plug(plugged) {
    if (plugged === this.plugged) return;
    this.plugged = plugged;
    if (!this.usb) return;
    this.open = false;
    if (plugged) this.usb.sieStatus &= ~SUSPENDED;
    else this.usb.sieStatus |= SUSPENDED;
    this.usb.sieStatusUpdated();
    if (plugged) this.arrive();
  }

  /** A host that stops reading leaves the device's buffers full. */
  read(reading) {
    this.reading = reading;
    if (reading && this.armed?.has(this.bulkIn)) this.collect(this.bulkIn);
  }

  send(bytes) {
    for (const byte of bytes) this.outgoing.push(byte);
    this.pump();
  }

  // ---- the device's buffers ----

  /** The chip wrote a buffer control register: key is 2 * endpoint for IN, plus one for OUT. */
  updated(offset, value) {
    if (offset < IN_CONTROL || offset > 0xfc) return;
    const key = (offset - IN_CONTROL) >> 2;
    if (!(value & AVAILABLE)) {
      this.armed.delete(key);
      return;
    }
    this.armed.set(key, value);
    this.collect(key);
  }

  collect(key) {
    if (key & 1) {
      if (key === 1) this.controlOut();
      else this.pump();
      return;
    }
    if (key === 0 || key === this.bulkIn) {
      this.clock.at(this.clock.nanos + PACKET_NS, this.guard(() => this.takeIn(key)));
    }
  }

  bufferOffset(key) {
    if (key < 2) return 0x100;
    return this.mcu.usbDPRAMView.getUint32(8 * (key >> 1) + 4 * (key & 1), true) & 0xffc0;
  }

  isDouble(key) {
    return key >= 2 && (this.mcu.usbDPRAMView.getUint32(8 * (key >> 1) + 4 * (key & 1), true) & DOUBLE_BUFFERED) !== 0;
  }

  /** The host takes what an IN endpoint holds: one buffer, or both of a double-buffered one. */
  takeIn(key) {
    const value = this.armed.get(key);
    if (value === undefined || (key !== 0 && !(this.reading && this.plugged))) return;
    this.armed.delete(key);
    const offset = this.bufferOffset(key);
    const parts = [this.mcu.usbDPRAM.slice(offset, offset + (value & LENGTH))];
    const second = value >>> 16;
    if (this.isDouble(key) && second & AVAILABLE) {
      parts.push(this.mcu.usbDPRAM.slice(offset + PACKET, offset + PACKET + (second & LENGTH)));
    }
    const mask = ~((AVAILABLE | FULL) * 0x10001);
    this.mcu.usbDPRAMView.setUint32(IN_CONTROL + 4 * key, value & mask, true);
    this.usb.indicateBufferReady(key >> 1, false);
    for (const part of parts) {
      if (key === 0) this.controlIn(part);
      else if (part.length) this.onData?.(part, this.clock.nanos);
    }
  }

  /** The host fills an OUT endpoint that is ready. */
  giveOut(key, bytes) {
    const value = this.armed.get(key);
    this.armed.delete(key);
    this.mcu.usbDPRAM.set(bytes, this.bufferOffset(key));
    this.mcu.usbDPRAMView.setUint32(IN_CONTROL + 4 * key, (value & ~(AVAILABLE | LENGTH)) | FULL | bytes.length, true);
    this.usb.indicateBufferReady(key >> 1, true);
  }

  pump() {
    if (!this.open || !this.plugged || this.sending || !this.outgoing.length || !this.armed.has(this.bulkOut)) return;
    this.sending = true;
    this.clock.at(this.clock.nanos + PACKET_NS, () => {
      this.sending = false;
      if (!this.open || !this.armed.has(this.bulkOut)) return;
      const room = Math.min(this.armed.get(this.bulkOut) & LENGTH, PACKET);
      this.giveOut(this.bulkOut, Uint8Array.from(this.outgoing.splice(0, room)));
      this.pump();
    });
  }

  // ---- control transfers ----

  enumerate() {
    this.open = false;
    this.armed.clear();
    this.steps = this.requests();
    this.next();
  }

  /** The requests of an enumeration, in order; each yields the data the device answered. */
  *requests() {
    yield { setup: getDescriptor(DEVICE, 18) };
    yield { setup: setup(0, 5, 1, 0, 0) };
    const head = yield { setup: getDescriptor(CONFIGURATION, 9) };
    const descriptors = yield { setup: getDescriptor(CONFIGURATION, head[2] | (head[3] << 8)) };
    const port = this.find(descriptors);
    yield { setup: setup(0, 9, head[5], 0, 0) };
    // SET_LINE_CODING 115200 8N1, then SET_CONTROL_LINE_STATE with DTR and RTS.
    yield { setup: setup(0x21, 0x20, 0, port, 7), data: Uint8Array.of(0x00, 0xc2, 0x01, 0x00, 0, 0, 8) };
    yield { setup: setup(0x21, 0x22, 3, port, 0) };
    this.open = true;
    this.onOpen?.(this.clock.nanos);
    if (this.armed.has(this.bulkIn)) this.collect(this.bulkIn);
    this.pump();
  }

  next(answer) {
    const step = this.steps.next(answer);
    if (step.done) {
      this.control = null;
      return;
    }
    const request = step.value;
    this.control = { ...request, expected: request.setup[6] | (request.setup[7] << 8), answer: [], status: false };
    this.armed.delete(0);
    this.armed.delete(1);
    this.mcu.usbDPRAM.set(request.setup);
    this.usb.sieStatus |= SETUP_RECEIVED;
    this.usb.sieStatusUpdated();
  }

  /** Endpoint 0 sent a packet: data of a read, or the empty status of a write. */
  controlIn(bytes) {
    const { control } = this;
    if (!control) return;
    if (!(control.setup[0] & 0x80)) {
      this.next();
      return;
    }
    control.answer.push(...bytes);
    control.status = bytes.length < PACKET || control.answer.length >= control.expected;
    if (control.status && this.armed.has(1)) this.controlOut();
  }

  /** Endpoint 0 takes a packet: data of a write, or the empty status of a read. */
  controlOut() {
    const { control } = this;
    if (!control) return;
    if (control.data) {
      this.giveOut(1, control.data);
      control.data = null;
    } else if (control.status) {
      const answer = control.answer;
      this.control = null;
      this.giveOut(1, new Uint8Array(0));
      this.clock.at(this.clock.nanos + PACKET_NS, this.guard(() => this.next(answer)));
    }
  }

  /** Notes the bulk endpoints of the first CDC data interface; returns the number of its control interface. */
  find(descriptors) {
    let port = 0;
    let inData = false;
    for (let at = 0; at < descriptors.length; at += descriptors[at]) {
      const kind = descriptors[at + 1];
      if (kind === INTERFACE) {
        if (descriptors[at + 5] === CDC_CONTROL) port = descriptors[at + 2];
        inData = descriptors[at + 5] === CDC_DATA;
      } else if (kind === ENDPOINT && inData && (descriptors[at + 3] & 3) === BULK) {
        const address = descriptors[at + 2];
        if (address & 0x80) this.bulkIn = 2 * (address & 15);
        else this.bulkOut = 2 * (address & 15) + 1;
      }
    }
    return port;
  }
}
