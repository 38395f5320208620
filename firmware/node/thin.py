"""A wake from deep sleep for a sample alone: without link, journal and console.

An ESP32 starts anew at each wake, and the whole node takes 1.1 s of Python (emulated); most
samples of a sleeper lead to nothing. So first this measures, as `node.app` would, with the
profile, the drivers and what `node.deep` kept. Where nothing is to be told, the profile's new
state goes to the RTC's memory and the chip sleeps again: nothing was to be journalled, so no
reading can be lost.

In all other cases it leaves everything as it was, and the whole node starts and measures itself: a
report or a status is due, the value changed or is doubted, a sensor is silent or sick, a person or
a USB host came, something fails here.
"""

import asyncio
import json

from packed import PLACE
from unload import unload

from node import deep, esp32_pins, part, wiring
from node.clock import Clock
from node.ports import esp32
from node.power import Power


class Port(esp32.Port):
    """The chip, where deep sleep keeps what the thin node has."""

    def __init__(self, node):
        self._thin = node
        super().__init__()
        self._node = node
        self._radios = 0

    def on_change(self, pin, handler) -> None:
        """As the port's; the whole node is told too."""

        def moved(pin):
            esp32_pins.Waker.early = True
            handler(pin)

        super().on_change(pin, moved)

    def _deep(self, step):
        return step == "keep" and self._thin.keep()


class Settings:
    """Those that a sample needs, as `node.config.Config` has them."""

    def __init__(self, values, given, version):
        self.all = values
        self.names = given
        self.version = version

    def __getitem__(self, name):
        return self.all[name]

    def given(self, name: str) -> bool:
        """As of `Config`."""
        return name in self.names


class Numbers:
    """What `node.app.Node` has as numbers."""

    next_us = reported_us = 0
    last = None
    sensed = {}


class Board:
    """Its file's literals."""

    PINS = SENSORS = {}
    BATTERY = None

    def __init__(self):
        with open(PLACE + deep.BOARD) as file:
            deep.restore(self, json.load(file))


class Thin:
    """What a profile and its drivers see of a node. kept, rest: what `deep.peek` found."""

    def __init__(self, kept, rest):
        self._kept = kept
        self._rest = rest
        self._board = board = Board()
        self._numbers = Numbers()
        self.sensors = {}
        self.port = port = Port(self)
        self.power = Power(board, port, True)
        self.clock = Clock(self.power)
        self.config = Settings(*kept["thin"])
        name = self.config["profile"]
        self.profile = part("profile", "node.profiles", name).Profile(self)
        for one, values in zip(self._sampled(), kept["parts"]):
            deep.restore(one, values)
        deep.go_on(self.clock, kept)

    def _sampled(self):
        return deep.sampled(self, self._numbers)

    def log(self, source: str, text: str) -> None:
        """Nobody is there to read; what is worth it the whole node says."""

    def keep(self) -> bool:
        """Into the RTC's memory, with the new state."""
        for at, one in enumerate(self._sampled()):
            self._kept["parts"][at] = deep.plain_of(one)
        self._kept["until"] = deep.until_us(self._numbers, self)
        return deep.hold(self.clock, self._kept, self._rest)

    async def sample(self) -> "int | None":
        """Take one: ms until the next; None: it leads to something."""
        clock = self.clock
        profile = self.profile
        numbers = self._numbers
        config = self.config
        sample_us = min(config["sample_s"], config["report_s"]) * 1000000
        now_us = clock.us()
        numbers.next_us = max(numbers.next_us + sample_us, now_us + sample_us // 2)
        values = await self._measure()
        if not values or profile.sick != profile.told:
            return None
        if profile.due(False) or profile.changed(numbers.last, values):
            return None
        profile.save()
        now_us = clock.us()
        numbers.next_us = min(numbers.next_us, profile.ends_us, now_us + sample_us)
        return (numbers.next_us - now_us + 999) // 1000

    async def _measure(self):
        """The payload's fields; None: a sensor is silent."""
        self._connect()
        for role, driver in self.profile.wanted():
            values = await driver.read(self.clock)
            driver.sleep()
            if values is None:
                return None
            self._numbers.sensed[role] = values
        return self.profile.fields(self._numbers.sensed)

    def _connect(self):
        """The sensors; the radio's pads stay held."""
        board, profile = self._board, self.profile
        radio = board.PINS["nss"], board.PINS["reset"]
        deep.free([pad for pad in self._kept["held"] if pad[0] not in radio])
        for role in profile.roles + profile.optional:
            if role in board.SENSORS:
                self.sensors[role] = wiring.sensor(board, role, profile.name, self.power.on_rising)


def run(kept: dict, rest: bytes) -> None:
    """Sample and sleep; returns where the whole node is to start. Arguments: of `deep.peek`."""
    try:
        _sample(Thin(kept, rest))
    finally:
        asyncio.new_event_loop()
        for name in ("deep", "wiring", "thin"):
            unload("node." + name)


def _sample(node):
    node.port.start_watchdog()
    if node.power.may_doze():
        ms = asyncio.run(node.sample())
        if ms and ms >= esp32.DEEP_MS and node.power.may_doze():
            node.port.doze(ms)
