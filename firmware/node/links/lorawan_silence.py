"""Is the network there: when to ask it, and when to send and to join while it does not answer.

The network counts as lost after three report periods or half an hour without a downlink, whichever
is longer; on mains after half an hour. The last uplink before that asks for an acknowledgement.
Once that is missing, uplinks go on unconfirmed, each with ADRACKReq, and attempts to join go on
beside them: the session lasts until a Join-Accept. An uplink goes before a Join-Request, for a
server that still has the session drops it with a Join-Request whose answer does not arrive.
"""

from micropython import const

_LOST_S = const(1800)
_MARGIN_S = const(300)  # for what the question, its repeats and the duty cycle take
_MAINS_S = const(600)  # between uplinks that nobody answers: back within 15 min
_SLEEPER_S = const(1500)  # within 30 min
_TRIES_S = (10, 30, 60, 300)  # the first ones come sooner: most losses are collisions
_SOON_US = const(2000000)  # `Mac.join` waits this long by itself


class Silence:
    """`failed` counts uplinks that asked and had no answer, since the last downlink."""

    def __init__(self, mac, clock, config, power):
        self._mac = mac
        self._clock = clock
        self._config = config
        self._power = power
        self.failed = 0
        self._failed_us = -1
        self._pause_us = 0
        mac.heard_us = clock.us()
        if mac.silent_us is not None:  # it was lost before the restart
            mac.heard_us -= self._limit_us()

    def _limit_us(self):
        """From the last downlink until the network counts as lost."""
        periods_s = 3 * self._config["report_s"] if self._power.sleeper else 0
        return (max(periods_s, _LOST_S) - _MARGIN_S) * 1000000

    def _every_us(self):
        """Between uplinks."""
        longest_s = _SLEEPER_S if self._power.sleeper else _MAINS_S
        return min(self._config["report_s"], longest_s) * 1000000

    def _since_us(self):
        return self._clock.us() - self._mac.heard_us

    @property
    def silent(self) -> bool:
        """Was an acknowledgement missing, and nothing heard since?"""
        return self._mac.silent_us is not None

    @property
    def lost(self) -> bool:
        """Do attempts to join go on beside the session?"""
        return self.silent and self._since_us() >= self._limit_us()

    def asks(self) -> "bool | None":
        """Is the next uplink confirmed? None: as the readings' own count says."""
        if self.silent:
            return False
        return self._since_us() + self._every_us() > self._limit_us() or None

    def missed(self) -> None:
        """An uplink that asked was not answered: the next one waits longer and longer."""
        now_us = self._clock.us()
        if self._mac.heard_us > self._failed_us:
            self.failed = 0
        wait_us = self._every_us()
        if self.failed < len(_TRIES_S):
            try_us = _TRIES_S[self.failed] * 1000000
            wait_us = min(wait_us, try_us + self._mac.random() % try_us)
        self.failed += 1
        self._failed_us = now_us
        # by up to a quarter sooner: two nodes that met on the air do not meet again
        self._pause_us = wait_us - self._mac.random() % (wait_us >> 2)

    def wait_us(self, waiting: bool) -> "int | None":
        """Microseconds until the next uplink; None: none is due. waiting: there is data."""
        mac = self._mac
        now_us = self._clock.us()
        at_us = now_us
        if mac.heard_us <= self._failed_us:
            at_us = self._failed_us + self._pause_us
            if self._joins() and not self._probed(now_us):
                at_us = now_us
        elif not waiting:
            if self._power.sleeper:
                return None
            at_us = mac.heard_us + self._limit_us() - _MARGIN_S * 1000000
        return max(at_us - now_us, mac.time_until_tx_us(), 0)

    def join_wait_us(self) -> "int | None":
        """Microseconds until the next attempt to join beside the session; None: none is due."""
        if not self.lost:
            return None
        wait_us = self._mac.wait_us()
        if wait_us >= _SOON_US:
            return wait_us
        return 0 if self._probed(self._clock.us()) else None

    def _joins(self):
        return self.lost and self._mac.wait_us() < _SOON_US

    def _probed(self, now_us):
        """Did an uplink ask just now?"""
        return self._failed_us >= 0 and now_us - self._failed_us < _MARGIN_S * 1000000
