"""One transmission and its receive windows; in class C, a receiver that is on at all other times.

Frames that are overheard during an exchange are held until it is over or a window brought a frame:
to take one writes to flash, which would delay a window.  Source: TS001-1.0.4, 3.3 and 16.
"""

from lorawan import const
from lorawan.frame import time_on_air_us, window

_WINDOWS_APART_US = const(1000000)
_ERROR_MIN_US = const(1000)
_DRIFT_PPM = const(40)  # both crystals together, over the delay
_HELD_FRAMES = const(4)
_SHORT_FRAME = const(32)
_RX2_SLACK_US = const(60000)
_HEADERS = const(13)  # MHDR, FHDR without FOpts, FPort, MIC


class Windows:
    """always(): (Hz, data rate) of class C's window, or None.

    take(payload, RSSI dBm, SNR x 4, class_a): whether a frame of class C's window is for us.
    tx_end_us: measured end of the last transmission.
    """

    tx_end_us = 0
    busy = False  # an exchange is going on
    _listens = None  # (Hz, data rate) where the receiver is on between windows
    _rx2_us = 0

    def __init__(self, radio, clock, plan, duty, always, take):
        self._radio = radio
        self._clock = clock
        self._plan = plan
        self._rates = plan.region.DATARATES
        self._duty = duty
        self._always = always
        self._take = take
        self._held = []

    async def exchange(
        self, made: bytes, tx: tuple, rx1: tuple, rx2: tuple, delay_us, take, joining=False
    ):
        """Send and listen. tx: (Hz, data rate, dBm). rx1, rx2: (Hz, data rate).

        delay_us: from the end of transmission to RX1. take(payload, rssi, snr_x4): was the frame
        for us?  joining: class C's receiver, which is on in RX2, does not know `take`; a
        Join-Accept may be longer than dwell time allows data.
        Returns True when a frame was for us. RadioError passes through.
        """
        freq, dr, power = tx
        sf, bw = self._rates[dr]
        self.busy = True
        self._listens = None
        try:
            end_us = await self._radio.transmit(made, freq, sf, bw, power)
            self.tx_end_us = end_us
            self._duty.spend(freq, time_on_air_us(sf, bw, len(made)), end_us)
            at_us = end_us + delay_us
            self.rest()
            if await self._window(at_us, delay_us, rx1, take, joining):
                return True
            self.rest()
            at_us += _WINDOWS_APART_US
            if rx2 == self._always() and not joining:
                return await self._second(at_us, rx2[1])
            return await self._window(at_us, delay_us + _WINDOWS_APART_US, rx2, take, joining)
        finally:
            self.busy = False
            self.rest()
            if self._take_held():
                self.rest()

    async def _second(self, at_us, dr):
        """RX2 in class C, whose receiver is on there: wait until a short frame has ended."""
        self._rx2_us = at_us
        end_us = at_us + self._air_us(dr, _SHORT_FRAME)
        while self._clock.us() < end_us and not self._held:
            await self._clock.sleep_until_us(self._clock.us() + 100000)
        return self._take_held()

    def _air_us(self, dr, size):
        """Time on air of a downlink."""
        sf, bw = self._rates[dr]
        return time_on_air_us(sf, bw, size, False)

    async def _window(self, at_us, delay_us, where, take, joining):
        freq, dr = where
        sf, bw = self._rates[dr]
        error_us = max(self._radio.error_us, _ERROR_MIN_US) + delay_us // 1000000 * _DRIFT_PPM
        symbols, offset_us = window((1 << sf) * 1000000 // bw, error_us)
        if self._clock.us() > at_us + offset_us:
            return False
        self._listens = None
        got = await self._radio.receive(at_us + offset_us, symbols, freq, sf, bw)
        if not got or not (joining or self._fits(dr, got[0])):
            return False
        self._take_held()  # they came first: after this frame their FCntDown would be old
        return take(*got)

    def rest(self, again: bool = False) -> None:
        """The radio's state between exchanges and windows. A frame being received goes on."""
        wanted = self._always()
        if wanted:
            if again or self._listens != wanted:
                sf, bw = self._rates[wanted[1]]
                self._radio.listen(wanted[0], sf, bw, self.overheard)
                self._listens = wanted
        elif not self.busy:
            self._listens = None
            self._radio.sleep()

    def overheard(self, data: bytes, rssi: int, snr: int) -> None:
        """A frame in class C's window."""
        where = self._always()
        class_a = False
        if where:
            if not self._fits(where[1], data):
                return
            air_us = self._air_us(where[1], len(data))
            begun_us = self._clock.us() - air_us
            class_a = abs(begun_us - self._rx2_us) < _RX2_SLACK_US
        if not self.busy:
            self._take(data, rssi, snr, class_a)
        elif len(self._held) < _HELD_FRAMES:
            self._held.append((data, rssi, snr, class_a))

    def _fits(self, dr, data):
        """Is a frame within the longest MACPayload of a data rate? Source: TS001-1.0.4, 4.1."""
        return len(data) <= self._plan.down_payloads[dr] + _HEADERS

    def _take_held(self):
        """Take what was overheard during the exchange. True when a class A downlink was there."""
        answered = False
        while self._held:
            got = self._held.pop(0)
            if self._take(*got) and got[3]:
                answered = True
        return answered
