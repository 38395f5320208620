"""Duty cycle: when each sub-band is free again, and the channel that a transmission takes.

A regulator looks at any hour: in a sub-band of 1/n that is a budget of 3600 s / n. If L is the
longest frame, a transmission of t may begin every t x 3600 s / (budget - L): then even an hour
that begins and ends with a frame keeps the budget. The network's DutyCycleReq, 1/n over all
sub-bands, is a rest of t x (n - 1).
Source: ETSI EN 300 220-2; TS001-1.0.4, 5.4.
"""

from lorawan import const
from lorawan.frame import time_on_air_us

_HOUR_MS = const(3600000)
_OVERHEAD = const(13)  # MHDR, DevAddr, FCtrl, FCnt, FPort, MIC


def period_us(air_us: int, part: int, longest_us: int) -> int:
    """From the start of a transmission to the next in a sub-band of 1/`part`."""
    if part == 1:
        return air_us
    budget_ms = _HOUR_MS // part
    spare_ms = max(budget_ms - longest_us // 1000 - 1, budget_ms // 8)
    return air_us * _HOUR_MS // spare_ms


def band(bands, freq: int) -> int:
    """Index in a region's BANDS of a frequency in Hz, or -1 where it allows none."""
    for at, (low, high, _) in enumerate(bands):
        if low <= freq < high:
            return at
    return -1


class Duty:
    """free_us: by index in the region's BANDS.  network: MaxDutyCycle, the part is 1/2^network.

    last_channel: of the last transmission, -1: none; the next takes another where there is one.
    """

    network = 0
    last_channel = -1
    silent_us = 0

    def __init__(self, plan, clock, rested_air_us):
        """rested_air_us: a frame of this time on air counts as ended at the start.

        A board that restarts again and again must not send more than one that runs.
        """
        self._plan = plan
        self._bands = plan.region.BANDS
        self._clock = clock
        sf, bw = plan.region.DATARATES[plan.lowest_dr]
        self._longest_us = time_on_air_us(sf, bw, plan.payloads[plan.lowest_dr] + _OVERHEAD)
        now = clock.us()
        self.free_us = [now + self._rest_us(rested_air_us, part) for _, _, part in self._bands]
        self.all_free_us = max(self.free_us)

    def _rest_us(self, air_us, part):
        return period_us(air_us, part, self._longest_us) - air_us

    def spend(self, freq: int, air_us: int, end_us: int) -> None:
        """A transmission at `freq` Hz, `air_us` long, ended at `end_us`."""
        at = band(self._bands, freq)
        self.free_us[at] = end_us + self._rest_us(air_us, self._bands[at][2])
        if self.network:
            self.silent_us = end_us + air_us * ((1 << self.network) - 1)
        self.all_free_us = max(*self.free_us, self.silent_us)

    def pick(self, channels, random) -> tuple:
        """(0, a random channel whose sub-band is free) or (us until one is, None)."""
        now = self._clock.us()
        soonest = None
        free = channels if now >= self.all_free_us else []
        for channel in channels if not free else ():
            at = band(self._bands, self._plan.up_hz(channel))
            wait = max(self.free_us[at], self.silent_us) - now
            if wait <= 0:
                free.append(channel)
            elif soonest is None or wait < soonest:
                soonest = wait
        if not free:
            return soonest, None
        at = random() % len(free)
        if free[at] == self.last_channel:
            at = (at + 1) % len(free)
        return 0, free[at]
