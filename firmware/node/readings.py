"""From what sensors say to the fields of a payload: one function for each, named as the payload.

sensed: {sensor: its values, or None when it does not answer}. Returns fields of `wire.schema`
without `seq` and `age`.
"""

from micropython import const

_SPREAD_MM = const(15)
_STUCK_ECHOES = const(12)  # every echo the same to the millimetre: 2 h at 600 s
_STUCK_LIGHT = const(144)  # the same lux, not dark
_PRESENT_S = const(600)  # an AM312 holds 2.3 s: longer than this is no person


class Stuck:
    """Tells a sensor that repeats itself from one that measures. `told`: once, with the value."""

    def __init__(self, times, told):
        self._most = times
        self._told = told
        self._last = None
        self._times = 0

    def seen(self, value) -> bool:
        """True when `value` came so many times more without any change; None never counts."""
        self._times = self._times + 1 if value is not None and value == self._last else 0
        self._last = value
        if self._times == self._most:
            self._told(value)
        return self._times >= self._most


def fill_percent(distance_mm: int, empty_mm: int, height_mm: int) -> int:
    """Fill of a prism: sensor to surface against sensor to the empty bottom. 0..100."""
    filled = max(0, min(height_mm, empty_mm - distance_mm))
    return (filled * 100 + height_mm // 2) // height_mm


class Readings:
    """Makes the payload's fields; keeps what a judgement needs over time."""

    def __init__(self, config, power, clock, journal, lamp, log):
        self._config, self._power, self._clock = config, power, clock
        self._journal, self._lamp = journal, lamp

        def told(value):
            log("sensor", "it says %s again and again; clean it, or replace it" % value)

        self._stuck = Stuck(_STUCK_LIGHT if lamp else _STUCK_ECHOES, told)
        self._present_s = 0
        self._counted = 0

    def bin(self, sensed: dict) -> dict:
        """Fill, distance and how far both can be trusted."""
        echo = sensed["a02yyuw"] or {"distance": None, "valid": 0, "spread": None, "obstructed": 0}
        distance, height = echo["distance"], self._config["height_mm"]
        fill = None
        if distance is not None:
            fill = fill_percent(distance, self._config["empty_mm"], height)
        spread_most = max(_SPREAD_MM, height * 3 // 100)
        stuck = self._stuck.seen(None if echo["spread"] else distance)
        return {
            "fill": fill,
            "distance": distance,
            "valid": echo["valid"],
            "spread": echo["spread"],
            "battery": self._millivolts(),
            "obstructed": echo["obstructed"],
            "suspect": int(stuck or echo["valid"] < 5 or (echo["spread"] or 0) >= spread_most),
            "low_battery": self._low(),
            "uncalibrated": int(not self._config.told("empty_mm")),
        }

    def lamp(self, sensed: dict) -> dict:
        """Level, its reason, light and presence."""
        lamp, light, motion = self._lamp, sensed["bh1750"], sensed["am312"]
        passages, lamp.passages = lamp.passages, 0
        lux = light and light["lux"]
        stuck = self._stuck.seen(lux or None) or self._too_long(motion)
        return {
            "level": lamp.level,
            "why": lamp.why,
            "lux": lux,
            "presence": motion["presence"],
            "passages": min(passages, 1022),
            "saturated": int(bool(light and light["saturated"])),
            "suspect": int(light is None or stuck),
        }

    def counter(self, sensed: dict) -> dict:
        """The total since installation: what came before this start stands in the journal."""
        motion, journal = sensed["am312"], self._journal
        journal.total += motion["total"] - self._counted
        self._counted = motion["total"]
        return {
            "total": journal.total & 0xFFFFFFFF,
            "boots": self._config.boots & 15,
            "battery": self._millivolts(),
            "presence": motion["presence"],
            "suspect": int(not motion["warm"] or self._too_long(motion)),
            "low_battery": self._low(),
        }

    def _too_long(self, motion):
        now_s = self._clock.uptime_s()
        if not motion["presence"]:
            self._present_s = now_s
        return now_s - self._present_s > _PRESENT_S

    def _millivolts(self):
        battery_mv = self._power.battery_mv()
        return battery_mv if battery_mv and 2000 <= battery_mv <= 7080 else None

    def _low(self):
        return int(self._power.low())
