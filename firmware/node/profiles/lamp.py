"""State of a street lamp, its fail-safe, and presence."""

import asyncio
import struct

from machine import Pin
from micropython import const
from unload import unload

from node import part, profiles
from node.errors import ConfigError
from node.lamp import Dimmer, Lamp
from node.photocell import Photocell
from node.presence import Presence
from node.stuck import Stuck

_STATE = "light"
_FORMAT = "<H"
_DAY_STILL_S = const(1800)  # the same lux of daylight; a cloudless noon moves by a lux in less
_NIGHT_STILL_S = const(64800)  # the same lux otherwise, longer than a night
_PASSAGES_MOST = const(1022)
_LONG_AGO_S = const(-86400)


class Profile(profiles.Profile):
    """A lamp that obeys its local rules whatever else is missing."""

    _meter = None

    def __init__(self, node):
        super().__init__(node)
        if "lamp" not in node.board.PINS:
            raise ConfigError("profile lamp needs a pin: add lamp to PINS of /board.py")
        pin = Pin(node.board.PINS["lamp"], Pin.OUT, value=1)
        self.lamp = Lamp(Dimmer(pin), node.config, node.clock, node.log)
        self._presence = Presence()
        self._stuck = Stuck(node.log)
        blob = node.store.load(_STATE)
        self._gain = struct.unpack(_FORMAT, blob)[0] if blob else None
        self.photocell = Photocell(node.config, self._gain)
        self.lamp.rules.programme = node.store.load("programme")

    def start(self) -> None:
        """The rules decide from now on."""
        asyncio.create_task(self.lamp.run())

    def ready(self) -> None:
        """Presence raises the level from now on."""
        asyncio.create_task(self.follow(self.node.sensors["motion"].moved))

    def rests(self) -> bool:
        """Does the dimmer's pin stand still? Where light sleep stops its PWM, it may."""
        return self.lamp.level in (0, 100) and self.lamp.settled()

    def heard(self) -> None:
        """Downlink received: restart the fail-safe timer."""
        self.lamp.rules.heard(self.node.clock.uptime_s())

    async def follow(self, moved) -> None:
        """Presence raises the level at once; the first of a boost is reported at once."""
        node = self.node
        seen_s = _LONG_AGO_S
        while True:
            await moved.wait()
            self.lamp.moved()
            now_s = node.clock.uptime_s()
            if now_s - seen_s >= node.config["boost_s"]:
                node.report_soon()
            seen_s = now_s

    def save(self) -> None:
        """What was learned of the lamp's own light, where it changed by a quarter; and energy."""
        if self._meter:
            self._meter.save()
        gain = self.photocell.gain
        if gain is None or (self._gain is not None and abs(gain - self._gain) <= self._gain // 4):
            return
        gain = min(gain, 65535)
        if self.node.store.keep(_STATE, struct.pack(_FORMAT, gain)):
            self._gain = gain  # else with the next sample

    def _light(self, lux, saturated):
        """(ambient light in lx or None, is the sensor stuck?); the rules get night or day."""
        lamp, photocell = self.lamp, self.photocell
        now_s = self.node.clock.uptime_s()
        ambient = None
        still_s = _NIGHT_STILL_S
        if lux is not None:
            ambient = photocell.ambient(lux, lamp.level, lamp.settled(), now_s)
            if ambient >= self.node.config["on_lux"]:
                still_s = _DAY_STILL_S
        stuck = self._stuck.seen(None if saturated else lux or None, now_s, still_s)
        if ambient is None or stuck:
            photocell.lost()
        else:
            photocell.judge(ambient, now_s)
        lamp.rules.night = photocell.night  # pyright: ignore[reportAttributeAccessIssue]
        lamp.changed()
        return ambient, stuck

    def changed(self, old: dict, new: dict) -> bool:
        """Another rule is sent at once, and another level, after a ramp that was commanded."""
        level = old["level"] != new["level"] and self.lamp.token is None
        return level or super().changed(old, new)

    def taken(self, values: dict) -> dict:
        """Passages count from reading to reading, however often was measured between."""
        self.lamp.passages -= values["passages"]
        return values

    def fields(self, sensed: dict) -> dict:
        """Level, its reason, ambient light and presence."""
        lamp = self.lamp
        light = sensed["light"]
        motion = sensed["motion"] or {"presence": 0}
        saturated = int(bool(light and light["saturated"]))
        lux, stuck = self._light(light and light["lux"], saturated)
        stays = self._presence.too_long(self.node, motion)
        if stays:
            self.ails("motion", profiles.STUCK)
        if stuck:
            self.ails("light", profiles.STUCK)
        values = {
            "level": lamp.level,
            "why": lamp.why,
            "lux": lux,
            "presence": motion["presence"],
            "passages": min(lamp.passages, _PASSAGES_MOST),
            "saturated": saturated,
            "suspect": int(light is None or stuck or stays or not sensed["motion"]),
        }
        if "meter" in sensed:
            if not self._meter:
                self._meter = part("judgement", "node", "metering").Meter(self.node)
            self._meter.judge(values, sensed["meter"])
        return values

    def commands(self):
        """`dim` and `programme`."""
        from node import lamp_commands

        unload("node.lamp_commands")  # whoever asked is the only one who keeps it
        return lamp_commands

    def console(self) -> tuple:
        """`lamp` and `safe`."""
        from node import lamp_console

        unload("node.lamp_console")
        return lamp_console.TABLE
