"""The MAC of a LoRaWAN 1.0.4 device, class A and C, over-the-air activation, with ADR.

It is given its radio (`transmit`, `receive`, `listen`, `sleep`, `error_us`), clock (`us`,
`sleep_until_us`), random integers, AES and store. One exchange at a time: a transmission, its
two windows, and only then what touches flash or the application.

`windows` does the exchange, `duty` the duty cycle, `plan` knows the channels.
"""

import asyncio
from collections import namedtuple

from unload import unload

from lorawan import const, frame, plan
from lorawan.crypto import Key
from lorawan.duty import Duty
from lorawan.session import Answers, Session
from lorawan.windows import Windows

_ADR_ACK_LIMIT = const(64)
_ADR_BACK_OFF = const(96)
_ADR_STEP = const(32)
_CONFIRMED_TRIES = const(3)  # ChirpStack acknowledges a first copy only: more is air wasted
_REPLY_US = const(2500000)
_FIRST = const(4)  # frames of a session: the start, the first reading, answers to ADR
_SLOW = const(2)  # at SF10 and below one sub-band would make them wait for minutes
_FOPTS = const(15)  # bytes that FOpts takes
_ANTENNA_DBI = const(2)  # a quarter-wave whip
_RESTED_BYTES = const(24)  # the frame that counts as just sent after a start

Sent = namedtuple("Sent", ("acked", "heard", "fcnt", "dr", "tries"))  # noqa: PYI024
"""Outcome of an uplink. acked: None for an unconfirmed one. heard: a class A downlink came."""


class MacError(Exception):
    """The MAC cannot do what was asked; the sentence says why and who acts."""


def _ignore(*_):
    pass


class Mac:
    """One device. dev_eui, join_eui: 8 bytes as printed; app_key: 16 bytes.

    To set: `on_downlink(fport, data, confirmed)`, `on_time(unix_us, at_us)`, `battery()` for
    DevStatusAns (0 mains, 1..254, 255 unknown), `antenna_dbi`, at first the
    radio's: the regions limit radiated power.
    `lock` is held by whoever uses the radio: take it to write flash undisturbed.
    `wants_answer`: every uplink has ADRACKReq, so that the network answers it.
    To read: `joined`, `silent_us` (when the first attempt without an answer was made, None: the
    network answers), `heard_us` (the last downlink), `rssi`, `snr` of the last downlink, `link`
    (margin dB, gateways) of the last link check, `refused` (frames that were not for us, forged
    or old).
    """

    link = None
    rssi = None
    snr = None
    refused = 0
    _class_c = False
    _ack = False  # a confirmed downlink is to be acknowledged
    _acked = False  # the last uplink was acknowledged
    _pending = False  # the network has more to send
    _joining = None
    _stepped = 0  # uplinks without an answer at the last step of ADR's back-off
    silent_us = None
    join_us = 0  # no Join-Request before
    heard_us = 0
    wants_answer = False

    def __init__(self, radio, clock, random, aes, store, region, dev_eui, join_eui, app_key):
        self._clock = clock
        self._store = store
        self.random = random
        self.antenna_dbi = getattr(radio, "antenna_dbi", _ANTENNA_DBI)
        self._aes = aes
        self._identity = dev_eui, join_eui, app_key
        self.plan = plan.of(region)
        mark = Key(aes, app_key).cmac(dev_eui + join_eui)[:4]
        self.session = session = Session(self.plan, aes, store, mark)
        from lorawan import backoff, saved

        self.joined = saved.load(session)
        begun = backoff.Backoff(store).begun
        rested_us = 0
        if self.joined:
            sf, bw = region.DATARATES[session.dr]
            rested_us = frame.time_on_air_us(sf, bw, _RESTED_BYTES)
        self.duty = Duty(self.plan, clock, rested_us)
        self.windows = Windows(radio, clock, self.plan, self.duty, self._always, self._take)
        self.forget()
        self.on_downlink = _ignore
        self.on_time = _ignore
        self.battery = lambda: 255
        self.lock = asyncio.Lock()
        if begun:
            self._attempts().restarted()
        self._unload()

    def forget(self) -> None:
        """A new session: there is nothing to answer."""
        self.answers = Answers()
        self._ack = False
        self._pending = False

    # --- what the application asks ----------------------------------------------------------

    @property
    def dev_addr(self) -> "bytes | None":
        """4 bytes in the order they are printed."""
        return bytes(reversed(self.session.addr)) if self.joined else None

    @property
    def uplink_wanted(self) -> bool:
        """True when the network waits for an uplink: something to acknowledge, answer or fetch."""
        return bool(self._ack or self._pending or self.answers.waiting)

    def set_class(self, name: str) -> None:
        """Class "A" is deaf between uplinks, "C" listens always, once joined.

        Sets the receiver again if it was: call it after a restart of the radio.
        """
        self._class_c = name == "C"
        if not self.windows.busy:
            self.windows.rest(again=True)

    def ask_link(self) -> None:
        """The next uplink asks for a link check; see `link`."""
        self.answers.asks[0x02] = b"\x02"

    def ask_time(self) -> None:
        """The next uplink asks for the time; see `on_time`."""
        self.answers.asks[0x0D] = b"\x0d"

    def max_payload(self) -> int:
        """Bytes the next uplink may carry."""
        if self.joined and not self.windows.busy:
            self._back_off()
        room = self.plan.payloads[self.session.dr if self.joined else self.plan.lowest_dr]
        riders = len(self.answers.riders(room))
        return room - riders if riders <= _FOPTS else room

    def time_until_tx_us(self) -> int:
        """Microseconds until duty cycle allows the next uplink; 0: now."""
        if not self.joined:
            return self.wait_us()
        if self._clock.us() >= self.duty.all_free_us:
            return 0
        return self.pick(self.session.dr)[0]

    # --- joining ----------------------------------------------------------------------------

    def _attempts(self):
        """The join attempts; their code is loaded for them."""
        if self._joining is None:
            from lorawan.join import Joining

            self._joining = Joining(self, self._aes, self._identity, self._store, self._clock)
        return self._joining

    def wait_us(self) -> int:
        """Microseconds until the next join attempt is allowed; 0: now."""
        wait_us = self.join_us - self._clock.us()
        return wait_us if wait_us > 0 else self._attempts().wait_us()

    async def join(self) -> bool:
        """One Join-Request and its windows, after `wait_us()`. True after a Join-Accept.

        A session that there is goes on until then.
        Raises MacError when the 65536 DevNonces are used up.
        """
        await self._sleep_us(self.wait_us())
        async with self.lock:
            joining = self._attempts()
            if joining.exhausted():
                raise MacError("no DevNonce is left: register under a new JoinEUI")
            tag = self.session.tag if self.joined else None
            await joining.join()
            joining = None
            self._unload()
            self.windows.rest()
            return self.joined and self.session.tag != tag

    # --- uplinks ----------------------------------------------------------------------------

    async def send(self, fport: "int | None", data: bytes = b"", confirmed: bool = False) -> Sent:
        """One uplink, when duty cycle allows; returns after its windows. fport None: no data.

        Repeated until a class A downlink, as often as the network set, a confirmed one 3 times.
        Raises MacError when not joined, or when the data is longer than the data rate takes.
        """
        async with self.lock:
            if not self.joined:
                raise MacError("not joined; join first")
            answers = self.answers
            for _ in range(2):
                room = self._room(len(data))
                riders = answers.riders(room)
                if len(riders) <= min(_FOPTS, room - len(data)):
                    break
                # the reply may change the data rate, and bring more commands
                sent = await self._uplink(0, riders, b"", False)
                if fport is None:
                    return sent
                if not answers.waiting:
                    break
            room = self._room(len(data))
            riders = answers.riders(min(_FOPTS, room - len(data)))
            return await self._uplink(fport, data, riders, confirmed)

    def _room(self, size):
        """Bytes that the data rate takes. Raises MacError when `size` is more."""
        self._back_off()
        dr = self.session.dr
        room = self.plan.payloads[dr]
        if size > room:
            raise MacError("%d bytes do not fit, DR%d takes %d" % (size, dr, room))
        return room

    def _back_off(self):
        """ADR's back-off: one step before the uplink that needs it, however often it is asked."""
        count = self.session.unanswered
        if count < _ADR_BACK_OFF:
            self._stepped = 0
        elif count % _ADR_STEP == 0 and count != self._stepped:
            self._stepped = count
            self._obey(None, 0)

    def _reserve(self):
        """A session whose counters cannot be saved has ended: join again. OSError."""
        try:
            self.session.reserve()
        except OSError:
            self.joined = False
            raise

    async def _uplink(self, fport, data, riders, confirmed):
        session = self.session
        self.answers.sent()
        fctrl = frame.ADR
        if session.unanswered >= _ADR_ACK_LIMIT or self.wants_answer:
            fctrl |= frame.ADR_ACK_REQ
        if self._ack:
            fctrl |= frame.ACK
        self._ack = False
        self._acked = False
        self._pending = False
        self._reserve()
        made = frame.uplink(session, fctrl, riders, fport, data, confirmed)
        fcnt = session.fcnt_up
        dr = session.dr
        session.fcnt_up += 1
        session.unanswered += 1
        most = max(session.repeats, _CONFIRMED_TRIES) if confirmed else session.repeats
        heard = False
        tries = 0
        air_us = 0
        from_us = 0
        while tries < most and not heard:
            if tries and confirmed:  # RETRANSMIT_TIMEOUT
                await self._sleep_us(1000000 + self.random() % 2000000)
            wait_us, channel = self.pick(dr)
            while wait_us:
                await self._sleep_us(wait_us)
                wait_us, channel = self.pick(dr)
            if not tries:
                from_us = self._clock.us()
            tries += 1
            heard = await self._exchange(made, channel, dr)
            sf, bw = self.plan.region.DATARATES[dr]
            air_us += frame.time_on_air_us(sf, bw, len(made))
        if confirmed and not heard:
            self._attempts().spend(air_us, from_us)
            self._unload()
        return Sent(self._acked if confirmed else None, heard, fcnt, dr, tries)

    async def _sleep_us(self, us):
        await self._clock.sleep_until_us(self._clock.us() + us)

    def pick(self, dr) -> tuple:
        """(0, a channel for a data rate, its sub-band free) or (us until one is, None).

        The first frames of a session keep away from the channels of its join, where the network
        has others: after a power cut a street joins there, and answers in RX1 would use up the
        radio gateway's duty cycle that the Join-Accepts need.
        """
        own = self.plan.own(dr)
        usable = self.plan.usable(dr) or own
        if self.session.fcnt_up <= _FIRST and dr > _SLOW:
            usable = list(set(usable) - set(own)) or usable
        return self.duty.pick(usable, self.random)

    async def _exchange(self, made, channel, dr):
        """One transmission and its windows. True when a downlink came."""
        session = self.session
        plan = self.plan
        self.duty.network = session.duty
        self.duty.last_channel = channel
        tx = plan.up_hz(channel), dr, plan.eirp_dbm - self.antenna_dbi - 2 * session.power
        rx1 = plan.down_hz(channel), plan.rx1_dr(dr, session.rx1_offset)
        rx2 = session.rx2_freq, session.rx2_dr
        delay_us = session.rx_delay_s * 1000000
        return await self.windows.exchange(made, tx, rx1, rx2, delay_us, self._take)

    def _always(self):
        """Class C's window, (Hz, data rate): RX2; None where the receiver rests."""
        if self._class_c and self.joined:
            return self.session.rx2_freq, self.session.rx2_dr
        return None

    # --- downlinks --------------------------------------------------------------------------

    def _take(self, data, rssi, snr, class_a=True):
        """Take a downlink if it is one for us. Its counter is on flash before anything is done."""
        session = self.session
        parsed = self.joined and frame.downlink(session, data)
        if not parsed:
            self.refused += 1
            return False
        fcnt, fctrl, fopts, fport, payload, confirmed = parsed
        session.heard(fcnt)
        self.heard_us = self._clock.us()
        if self.silent_us is not None:
            self._attempts().answered()
            self._unload()
        self.rssi = rssi
        self.snr = (snr + 2) // 4
        if class_a:
            session.unanswered = 0
            self.answers.sticky = b""
        if fctrl & frame.ACK:
            self._acked = True
        self._pending = bool(fctrl & frame.PENDING)
        self._ack = self._ack or confirmed
        stream = payload if fport == 0 else fopts
        if stream:
            self._obey(stream, self.snr)
        if self._class_c and (confirmed or self.answers.waiting):
            asyncio.create_task(self._reply())
        if fport:
            self.on_downlink(fport, payload, confirmed)
        return True

    def _obey(self, stream, snr):
        """Apply MAC commands; None: ADR's back-off. Rare, so their code is loaded for them."""
        from lorawan import commands, saved

        if stream is None:
            commands.back_off(self.session)
        if stream is None or commands.apply(self, stream, snr):
            saved.save(self.session)
        self._unload()

    def _unload(self):
        """Free the memory of what is loaded for joining and for what the network sets."""
        self._joining = None
        for name in ("join", "backoff", "activation", "saved", "commands", "plan.limits"):
            unload("lorawan." + name)
        unload("lorawan.plan." + self.plan.region.PLAN + "_setup")

    async def _reply(self):
        """Class C: acknowledge within 8 s, in an uplink of its own unless another came first.

        The application gets time to answer the command: that uplink then carries the
        acknowledgement.
        """
        await self._sleep_us(_REPLY_US + self.random() % 2000000)
        if self.joined and (self._ack or self.answers.waiting):
            await self.send(None)
