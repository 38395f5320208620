"""The MAC of a LoRaWAN 1.0.4 device, class A and C, over the air activation, with ADR.

It is given its radio (`transmit`, `receive`, `listen`, `sleep`, `error_us`), clock (`us`,
`sleep_until_us`), random integers, AES and store. One exchange at a time: a transmission, its
two windows, and only then what touches flash or the application.
"""

import asyncio
from collections import namedtuple

from lorawan import const, frame, unload
from lorawan.crypto import Key
from lorawan.session import Answers, Session

_WINDOWS_APART_US = const(1000000)
_ERROR_MIN_US = const(1000)
_DRIFT_PPM = const(40)  # both crystals together, over the delay
_ADR_ACK_LIMIT = const(64)
_ADR_BACK_OFF = const(96)
_ADR_STEP = const(32)
_CONFIRMED_TRIES = const(3)  # ChirpStack acknowledges a first copy only: more is air wasted
_HELD_FRAMES = const(4)
_REPLY_US = const(2500000)
_SHORT_FRAME = const(32)
_RX2_SLACK_US = const(60000)

Sent = namedtuple("Sent", ("acked", "heard", "fcnt", "dr", "tries"))  # noqa: PYI024
"""What became of an uplink. acked: None where none was asked. heard: a class A downlink came."""

GPS_EPOCH_S = 315964800
LEAP_S = 18
"""Unix time is GPS time + the epoch - the leap seconds. Source: IERS Bulletin C, 2017 on."""


class MacError(Exception):
    """The MAC cannot do what was asked; the sentence says why and who acts."""


def _ignore(*_):
    pass


class Mac:
    """One device. dev_eui, join_eui: 8 bytes as printed; app_key: 16 bytes.

    To set: `on_downlink(fport, data, confirmed)`, `on_time(unix_us, at_us)`, `battery()` for
    DevStatusAns (0 mains, 1..254, 255 unknown), `antenna_dbi`.
    `lock` is held by whoever uses the radio: take it to write flash undisturbed.
    To read: `joined`, `rssi`, `snr` of the last downlink, `link` (margin dB, gateways) of the last
    link check, `refused` (frames that were not for us, forged or old).
    """

    def __init__(self, radio, clock, random, aes, store, region, dev_eui, join_eui, app_key):
        self._radio = radio
        self._clock = clock
        self._store = store
        self.random = random
        self.region = region
        self._aes = aes
        self._identity = dev_eui, join_eui, app_key
        mark = Key(aes, app_key).cmac(dev_eui + join_eui)[:4]
        self.session = Session(region, aes, store, mark)
        from lorawan import saved

        self.joined = saved.load(self.session)
        unload("saved")
        self.answers = Answers()
        self.on_downlink = self.on_time = _ignore
        self.battery = lambda: 255
        self.link = None
        self.rssi = self.snr = None
        self.refused = 0
        self.antenna_dbi = 2
        self._class_c = False
        self.lock = asyncio.Lock()
        self._busy = False
        self._listens = None
        self._held = []
        self._ack = self._acked = self._pending = False
        self._tx_end_us = 0
        self._last_channel = None
        self._free_us = [self._rest_us(part) for _, _, part in region.BANDS]
        self._silent_us = 0
        self._all_free_us = max(self._free_us)
        self._rx2_us = 0
        self._joining = None

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
        """Class "A" is deaf between uplinks, "C" listens always, once joined."""
        self._class_c = name == "C"
        if not self._busy:
            self._rest()

    def ask_link(self) -> None:
        """The next uplink asks for a link check; see `link`."""
        self.answers.asks[0x02] = b"\x02"

    def ask_time(self) -> None:
        """The next uplink asks for the time; see `on_time`."""
        self.answers.asks[0x0D] = b"\x0d"

    def max_payload(self) -> int:
        """Bytes the next uplink may carry."""
        room = self.region.MAX_PAYLOAD[self.session.dr if self.joined else 0]
        riders = len(self.answers.riders())
        return room - riders if riders <= 15 else room

    def time_until_tx_us(self) -> int:
        """Microseconds until duty cycle allows the next uplink; 0: now."""
        if not self.joined:
            return self.wait_us()
        if self._clock.us() >= self._all_free_us:
            return 0
        return self.pick(self._channels(self.session.dr))[0]

    def _rest_us(self, part):
        """When a sub-band is free after a start: as if the last frame ended just before.

        A board that starts again and again must not send more than one that runs.
        """
        return (
            self._clock.us() + self.air_us(self.session.dr, 24) * (part - 1) if self.joined else 0
        )

    # --- joining ----------------------------------------------------------------------------

    def _attempts(self):
        """The attempts to join, with the code for it."""
        if self._joining is None:
            from lorawan.join import Joining

            root = Key(self._aes, self._identity[2])
            self._joining = Joining(self, root, self._identity, self._store, self._clock)
        return self._joining

    def wait_us(self) -> int:
        """Microseconds until the next join attempt is allowed; 0: now."""
        return self._attempts().wait_us()

    async def join(self) -> bool:
        """One Join-Request and its windows, after `wait_us()`. True when the network let us in.

        Raises MacError when the 65536 DevNonces are used up.
        """
        async with self.lock:
            joining = self._attempts()
            if joining.dev_nonce > 65535:
                raise MacError("all DevNonces are used; register the device under a new JoinEUI")
            await self._sleep_us(joining.wait_us())
            self.joined = False
            if await joining.attempt():
                self.answers = Answers()
                self._ack = self._pending = False
                self.joined = True
                self._joining = joining = None
                unload("join")
            self._rest()
            return self.joined

    # --- uplinks ----------------------------------------------------------------------------

    async def send(self, fport: "int | None", data: bytes = b"", confirmed: bool = False) -> Sent:
        """One uplink, when duty cycle allows; returns after its windows. fport None: no data.

        Repeated as the network set, a confirmed one until it is acknowledged, at most 3 times.
        Raises MacError when not joined, or when the data is longer than the data rate takes.
        """
        async with self.lock:
            if not self.joined:
                raise MacError("not joined; join first")
            session = self.session
            if session.unanswered >= _ADR_BACK_OFF and session.unanswered % _ADR_STEP == 0:
                self._obey(None, 0)
            room = self.region.MAX_PAYLOAD[session.dr]
            if len(data) > room:
                raise MacError(
                    "%d bytes do not fit, DR%d takes %d" % (len(data), session.dr, room)
                )
            riders = self.answers.riders()
            if len(riders) > 15 or (riders and len(riders) + len(data) > room):
                await self._uplink(0, riders[:room], b"", False)
                riders = b""
            return await self._uplink(fport, data, riders, confirmed)

    async def _uplink(self, fport, data, riders, confirmed):
        session = self.session
        self.answers.sent()
        fctrl = frame.ADR
        if session.unanswered >= _ADR_ACK_LIMIT:
            fctrl |= frame.ADR_ACK_REQ
        if self._ack:
            fctrl |= frame.ACK
        self._ack = self._acked = self._pending = False
        session.reserve()
        made = frame.uplink(session, fctrl, riders, fport, data, confirmed)
        fcnt, dr = session.fcnt_up, session.dr
        session.fcnt_up += 1
        session.unanswered += 1
        most = max(session.repeats, _CONFIRMED_TRIES) if confirmed else session.repeats
        heard, tries = False, 0
        while tries < most and not (self._acked if confirmed else heard):
            if tries and confirmed:  # RETRANSMIT_TIMEOUT
                await self._sleep_us(1000000 + self.random() % 2000000)
            wait_us, channel = self.pick(self._channels(dr))
            while wait_us:
                await self._sleep_us(wait_us)
                wait_us, channel = self.pick(self._channels(dr))
            tries += 1
            delay_us = session.rx_delay_s * 1000000
            heard |= await self.exchange(made, channel, dr, delay_us, self._take)
        return Sent(self._acked if confirmed else None, heard, fcnt, dr, tries)

    async def _sleep_us(self, us):
        await self._clock.sleep_until_us(self._clock.us() + us)

    def _channels(self, dr):
        """The channels that may be used for a data rate."""
        session = self.session
        return session.usable(dr) or session.channels[: len(self.region.CHANNELS)]

    def pick(self, channels: list) -> tuple:
        """(0, a random channel whose sub-band is free) or (us until one is, None).

        Another channel than the last where there is one.
        """
        now = self._clock.us()
        soonest = None
        free = channels if now >= self._all_free_us else []
        for channel in channels if not free else ():
            wait = max(self._free_us[self.region.band(channel[0])], self._silent_us) - now
            if wait <= 0:
                free.append(channel)
            elif soonest is None or wait < soonest:
                soonest = wait
        if not free:
            return soonest, None
        at = self.random() % len(free)
        if free[at] is self._last_channel:
            at = (at + 1) % len(free)
        return 0, free[at]

    def air_us(self, dr: int, size: int, crc: bool = True) -> int:
        """Time on air of a frame."""
        sf, bw = self.region.DATARATES[dr]
        return frame.time_on_air_us(sf, bw, size, crc)

    # --- the exchange -----------------------------------------------------------------------

    async def exchange(self, made: bytes, channel: list, dr: int, delay_us: int, take) -> bool:
        """One transmission and its windows. take(payload, rssi, snr x 4): was it for us?"""
        region, session = self.region, self.session
        joining = not self.joined
        sf, bw = region.DATARATES[dr]
        power = region.MAX_EIRP_DBM - self.antenna_dbi - (0 if joining else 2 * session.power)
        self._busy = True
        self._last_channel = channel
        self._listens = None
        try:
            end_us = await self._radio.transmit(made, channel[0], sf, bw, power)
            self._tx_end_us = end_us
            self._spend(channel[0], self.air_us(dr, len(made)), end_us)
            offset = 0 if joining else session.rx1_offset
            rx2 = (
                (region.RX2_FREQ, region.RX2_DR) if joining else (session.rx2_freq, session.rx2_dr)
            )
            at_us = end_us + delay_us
            self._rest()
            if await self._window(at_us, delay_us, channel[1], region.rx1_dr(dr, offset), take):
                return True
            self._rest()
            return await self._second(at_us + _WINDOWS_APART_US, delay_us, rx2, take, joining)
        finally:
            self._busy = False
            self._rest()
            self._take_held()

    async def _second(self, at_us, delay_us, rx2, take, joining):
        """RX2; in class C it is part of what is always heard: time for a short frame to end."""
        if joining or not self._class_c:
            return await self._window(at_us, delay_us + _WINDOWS_APART_US, rx2[0], rx2[1], take)
        self._rx2_us = at_us
        end_us = at_us + self.air_us(rx2[1], _SHORT_FRAME, False)
        while self._clock.us() < end_us and not self._held:
            await self._sleep_us(100000)
        return self._take_held()

    async def _window(self, at_us, delay_us, freq, dr, take):
        sf, bw = self.region.DATARATES[dr]
        error_us = max(self._radio.error_us, _ERROR_MIN_US) + delay_us // 1000000 * _DRIFT_PPM
        symbols, offset_us = frame.window((1 << sf) * 1000000 // bw, error_us)
        if self._clock.us() > at_us + offset_us:
            return False
        self._listens = None
        got = await self._radio.receive(at_us + offset_us, symbols, freq, sf, bw)
        return bool(got) and take(*got)

    def _spend(self, freq, air_us, end_us):
        """Duty cycle: the sub-band rests, and everything where the network asked for it."""
        band = self.region.band(freq)
        self._free_us[band] = end_us + air_us * (self.region.BANDS[band][2] - 1)
        if self.joined and self.session.duty:
            self._silent_us = end_us + air_us * ((1 << self.session.duty) - 1)
        self._all_free_us = max(*self._free_us, self._silent_us)

    def _rest(self):
        """The radio's state while nothing is to be done. A frame being heard is not disturbed."""
        session = self.session
        if self._class_c and self.joined:
            wanted = session.rx2_freq, session.rx2_dr
            if self._listens != wanted:
                self._listens = wanted
                sf, bw = self.region.DATARATES[wanted[1]]
                self._radio.listen(wanted[0], sf, bw, self._overheard)
        elif not self._busy:
            self._listens = None
            self._radio.sleep()

    # --- downlinks --------------------------------------------------------------------------

    def _overheard(self, data, rssi, snr):
        """A frame in class C's window. During an exchange it waits: taking it writes to flash."""
        begun_us = self._clock.us() - self.air_us(self.session.rx2_dr, len(data), False)
        class_a = abs(begun_us - self._rx2_us) < _RX2_SLACK_US
        if not self._busy:
            self._take(data, rssi, snr, class_a)
        elif len(self._held) < _HELD_FRAMES:
            self._held.append((data, rssi, snr, class_a))

    def _take_held(self):
        """Take what was overheard during the exchange. True when a class A downlink was there."""
        held, self._held = self._held, []
        answered = False
        for got in held:
            answered |= self._take(*got) and got[3]
        return answered

    def _take(self, data, rssi, snr, class_a=True):
        """Take a downlink if it is one for us. Its counter is on flash before anything is done."""
        session = self.session
        parsed = self.joined and frame.downlink(session, data)
        if not parsed:
            self.refused += 1
            return False
        fcnt, fctrl, fopts, fport, payload, confirmed = parsed
        session.heard(fcnt)
        self.rssi, self.snr = rssi, snr // 4
        if class_a:
            session.unanswered = 0
            self.answers.sticky = {}
        self._acked |= bool(fctrl & frame.ACK)
        self._pending = bool(fctrl & frame.PENDING)
        self._ack |= confirmed
        stream = payload if fport == 0 else fopts
        if stream:
            self._obey(stream, snr // 4)
        if self._class_c and (confirmed or self.answers.waiting):
            asyncio.create_task(self._reply())
        if fport:
            self.on_downlink(fport, payload, confirmed)
        return True

    def _obey(self, stream, snr):
        """MAC commands, or ADR's back-off (None): rare, so their code is loaded for them."""
        from lorawan import commands

        if stream is None:
            commands.back_off(self.session)
        if stream is None or commands.apply(self, stream, snr):
            self.session.save()
        unload("commands")

    async def _reply(self):
        """Class C: acknowledge within 8 s, in an uplink of its own unless another came first.

        The application gets a moment: what it answers a command then carries the acknowledgement.
        """
        await self._sleep_us(_REPLY_US + self.random() % 2000000)
        if self.joined and (self._ack or self.answers.waiting):
            await self.send(None)

    def on_link(self, margin: int, gateways: int) -> None:
        """The network answered a link check."""
        self.link = (margin, gateways)

    def on_gps(self, seconds: int, fraction: int) -> None:
        """The network told the time of the last uplink's end. fraction: 1/256 s."""
        unix_s = seconds + GPS_EPOCH_S - LEAP_S
        self.on_time(unix_s * 1000000 + fraction * 1000000 // 256, self._tx_end_us)
