"""The street lamp: which rule sets its level, and the dimmer on its pin.

Highest first: safety, technician (ends), command (ends), programme, photocell, on. Fail-safe and
presence raise what a command or a lower rule set, and never lower it; a command with
`over_presence` is not raised, and by daylight only a level above 0 or a command is. Whatever
fails, the lamp is on rather than off at night.
"""

import asyncio

from micropython import const
from unload import unload

DEFAULT, PROGRAMME, PHOTOCELL, PRESENCE, FAILSAFE, COMMAND, MANUAL, SAFETY = range(8)
"""Reasons by their numbers in `wire.readings.lamp.WHY`, which is not the order of the rules."""

_NO_END_S = const(1 << 29)
_STEP_MS = const(40)
_PWM_HZ = const(1000)
_UNSURE_MS = const(600000)  # a clock with a larger error says no time of day


class Rules:
    """Decides the level. Times are seconds of uptime, passed in; `config` gives the settings."""

    def __init__(self, config):
        self._config = config
        self._manual = None  # (level, until_s)
        self._command = None  # (level, until_s, over_presence)
        self._heard_s = 0
        self._present_until_s = 0
        self.night = None  # of the photocell; None: not known
        self.programme = None  # bytes of `wire.programme`
        self.safety = False

    def heard(self, now_s: int) -> None:
        """Downlink received: restart the fail-safe timer."""
        self._heard_s = now_s

    def manual(self, level: "int | None", until_s: int) -> None:
        """Hold the technician's level until that time; None ends it."""
        self._manual = None if level is None else (level, until_s)

    def command(self, level: int, now_s: int, hold_min: "int | None", over: bool = False) -> None:
        """The operator's level: for `hold_min`, or until the next one or the fail-safe.

        over: `over_presence` of `dim`.
        """
        until_s = now_s + hold_min * 60 if hold_min else _NO_END_S
        self._command = level, until_s, over

    def held(self, now_s: int) -> "int | None":
        """MANUAL or SAFETY where that rule stands above a new command, else None."""
        if self.safety:
            return SAFETY
        return MANUAL if self._manual and now_s < self._manual[1] else None

    def presence(self, now_s: int) -> None:
        """Motion detected: presence holds for `boost_s`."""
        self._present_until_s = now_s + self._config["boost_s"]

    def decide(self, now_s: int, unix: int) -> tuple:
        """(level %, reason). unix: 0 while the time is unknown."""
        if self.safety:
            return 100, SAFETY
        if self._manual and now_s < self._manual[1]:
            return self._manual[0], MANUAL
        silent = now_s - self._heard_s >= self._config["failsafe_min"] * 60
        level, why, over = self._set(now_s, unix, silent)
        if over or (not level and why != COMMAND and self.night is False):
            return level, why
        config = self._config
        if silent and config["failsafe_level"] >= level:
            level = config["failsafe_level"]
            why = FAILSAFE
        boost = (self.programme and self.programme[7]) or config["boost_level"]
        if now_s < self._present_until_s and boost > level:
            level = boost
            why = PRESENCE
        return level, why

    def _set(self, now_s, unix, silent):
        """(level, reason, is it not to be raised?) of the highest rule that sets one."""
        if self._command:
            level, until_s, over = self._command
            if now_s < until_s and not (silent and until_s == _NO_END_S):
                return level, COMMAND, over
            self._command = None
        if self.programme and unix:
            from wire.programme import level

            config = self._config
            try:
                found = level(
                    self.programme, unix, self.night, config["latitude"], config["longitude"]
                )
                return max(found, 0), PROGRAMME, found < 0 and not self.night
            except IndexError:
                self.programme = None  # it cannot be followed: as without one
        programme = self._config["programme"]
        if programme and unix:
            return _programmed(programme, unix // 60 % 1440), PROGRAMME, False
        if self.night is None:
            return 100, DEFAULT, False
        return self._config["night_level"] if self.night else 0, PHOTOCELL, False

    def next_change_s(self, now_s: int) -> int:
        """Seconds until a rule may change by time alone, 1 to 60."""
        ends = [now_s + 60, self._present_until_s]
        for held in (self._manual, self._command):
            if held:
                ends.append(held[1])
        return min([end for end in ends if end > now_s]) - now_s


def _programmed(programme, minute):
    """Level at a minute of the UTC day: the latest entry; before the first, the day's last."""
    found = []
    for at, level in programme:
        hours, minutes = at.split(":")
        found.append(((int(hours) * 60 + int(minutes) - minute - 1) % 1440, level))
    return max(found)[1]


class Dimmer:
    """A PWM pin with a ramp. `level` is the present duty, %."""

    def __init__(self, pin, level=100):
        from machine import PWM

        self.pwm = PWM(pin, freq=_PWM_HZ, duty_u16=level * 65535 // 100)
        self.level = level
        self._target = level
        self._task = None

    def go(self, level: int, ramp_s: int) -> None:
        """Ramp to a level; a second call continues from the present one."""
        if level == self._target:
            return
        self._target = level
        if self._task:
            self._task.cancel()
        self._task = asyncio.create_task(self._ramp(level, ramp_s * 1000))

    def settled(self) -> bool:
        """Is the last level reached?"""
        return self.level == self._target

    async def _ramp(self, target, ramp_ms):
        start = self.level
        steps = min(abs(target - start), ramp_ms // _STEP_MS)
        for step in range(1, steps):
            self.set(start + (target - start) * step // steps)
            await asyncio.sleep_ms(ramp_ms // steps)
        self.set(target)
        self._task = None

    def set(self, level: int) -> None:
        """Its duty, at once."""
        self.level = level
        self.pwm.duty_u16(level * 65535 // 100)


def _word(why):
    """Name of a rule. Rarely needed, so the words are loaded for it."""
    from wire.readings.lamp import WHY

    unload("wire.readings.lamp")
    return WHY[why]


class Lamp:
    """Rules and dimmer together, as a task that sleeps until something may change."""

    def __init__(self, dimmer, config, clock, log):
        self.dimmer = dimmer
        self._config = config
        self._clock = clock
        self._log = log
        self.rules = Rules(config)
        self.why = DEFAULT
        self.token = None  # of the `dim` whose ramp is not at its end
        self.passages = 0
        self.parts = (None,)  # ((version, size), bytes, missing numbers) of a programme that comes
        self._ramp_s = None
        self._wake = asyncio.Event()

    @property
    def level(self) -> int:
        """Level at the pin, %."""
        return self.dimmer.level

    def settled(self) -> bool:
        """Has the pin reached the level that the rules set?"""
        return not self._wake.is_set() and self.dimmer.settled()

    def changed(self, ramp_s: "int | None" = None) -> None:
        """Evaluate the rules now; `ramp_s` is for this change only."""
        if ramp_s is not None:
            self._ramp_s = ramp_s
        self._wake.set()

    def moved(self) -> None:
        """Motion detected: count the passage, raise the level."""
        self.passages += 1
        self.rules.presence(self._clock.uptime_s())
        self.changed()

    async def run(self) -> None:
        """Evaluate the rules whenever one may change. Never returns."""
        while True:
            now_s = self._clock.uptime_s()
            unsure = (self._clock.error_ms() or 0) > _UNSURE_MS
            level, why = self.rules.decide(now_s, 0 if unsure else self._clock.unix())
            if why != self.why:
                self._log("lamp", "%d %%, by %s" % (level, _word(why)))
            self.why = why
            ramp_s, self._ramp_s = self._ramp_s, None
            self.dimmer.go(level, self._config["ramp_s"] if ramp_s is None else ramp_s)
            try:
                wait_s = self.rules.next_change_s(now_s)
                await asyncio.wait_for(self._wake.wait(), wait_s)
                self._wake.clear()
            except asyncio.TimeoutError:
                pass
