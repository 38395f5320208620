"""State of a street lamp, its fail-safe, and presence."""

import asyncio

from machine import Pin
from micropython import const
from unload import unload

from node import profiles
from node.errors import ConfigError
from node.lamp import Dimmer, Lamp

_STUCK_TIMES = const(144)  # the same lux, not dark
_PASSAGES_MOST = const(1022)
_LONG_AGO_S = const(-86400)


class Profile(profiles.Profile):
    """A lamp that obeys its local rules whatever else is missing."""

    def __init__(self, node):
        super().__init__(node)
        if "lamp" not in node.board.PINS:
            raise ConfigError("profile lamp needs a pin: add lamp to PINS of /board.py")
        pin = Pin(node.board.PINS["lamp"], Pin.OUT, value=1)
        self.lamp = Lamp(Dimmer(pin), node.config, node.clock, node.log)
        self._stuck = profiles.Stuck(_STUCK_TIMES, node.log)

    def start(self) -> None:
        """The rules decide from now on."""
        asyncio.create_task(self.lamp.run())

    def ready(self) -> None:
        """Presence raises the level from now on."""
        asyncio.create_task(self.follow(self.node.sensors["motion"].moved))

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

    def fields(self, sensed: dict) -> dict:
        """Level, its reason, light and presence; the rules get the light."""
        lamp = self.lamp
        light = sensed["light"]
        motion = sensed["motion"]
        lux = light and light["lux"]
        lamp.rules.light(lux, self.node.clock.uptime_s())
        lamp.changed()
        passages, lamp.passages = lamp.passages, 0
        stuck = self._stuck.seen(lux or None) or self.present_too_long(motion)
        return {
            "level": lamp.level,
            "why": lamp.why,
            "lux": lux,
            "presence": motion["presence"],
            "passages": min(passages, _PASSAGES_MOST),
            "saturated": int(bool(light and light["saturated"])),
            "suspect": int(light is None or stuck),
        }

    def commands(self):
        """`dim`, and `lamp` of the console."""
        from node import lamp_commands

        unload("node.lamp_commands")  # whoever asked is the only one who keeps it
        return lamp_commands
