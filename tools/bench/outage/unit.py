"""One node: the firmware's link, journal and MAC over a radio of this simulation.

Its flow is `node.app`'s without sensors, console and power: read, journal, talk, sleep.
"""

from __future__ import annotations

import asyncio
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tools.bench.network.mac import REQUIRED_SNR_DB
from tools.bench.outage.air import NODE_DBM, Air, Frame
from tools.bench.outage.loop import now_us, until_us
from tools.bench.outage.watch import Watch

if "micropython" not in sys.modules:
    _module: Any = types.ModuleType("micropython")
    _module.const = int
    sys.modules["micropython"] = _module

from lorawan.frame import time_on_air_us
from node.batching import Batching
from node.history import History
from node.journal import Journal
from node.links.lorawan import Link
from node.outbox import Outbox
from node.store import Store
from wire import codec

JOIN_EUI = "0000000000000002"
START_S = 3
"""From power to the link: the board's own start, about."""


class Clock:
    """`node.clock.Clock` in virtual time; begins at 0 with each start."""

    def __init__(self) -> None:
        self.zero_us = now_us()
        self.unix_us: int | None = None

    def us(self) -> int:
        """Microseconds since start."""
        return now_us() - self.zero_us

    def uptime_s(self) -> int:
        """Seconds since start."""
        return self.us() // 1_000_000

    def set_unix(self, unix_us: int, at_us: int, error_ms: int) -> None:  # noqa: ARG002
        """The network's time."""
        self.unix_us = unix_us - at_us

    def unix(self) -> int:
        """Unix seconds, 0 while unknown."""
        return 0 if self.unix_us is None else (self.unix_us + self.us()) // 1_000_000

    async def sleep_until_us(self, at_us: int) -> None:
        """Sleep to an instant of `us`."""
        await until_us(at_us + self.zero_us)
        await asyncio.sleep(0)


class Config(dict[str, Any]):
    """Settings by item, as `node.config.Config`."""

    boots = 0
    version = 0


class Power:
    """A board that measures no battery."""

    def __init__(self, sleeper: bool) -> None:
        self.sleeper = sleeper

    def battery_mv(self) -> int:
        """Not measured."""
        return 0


class Radio:
    """The driver's five calls on the simulated air."""

    error_us = 0

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._clock = unit.clock
        self._listening: tuple[tuple[int, int, int], Any, int] | None = None

    def window_in_ms(self) -> int:
        """The CPU of this simulation is never too late for a window."""
        return 1 << 29

    def random(self) -> int:
        """A draw of 30 bits."""
        return self._unit.draw.getrandbits(30)

    async def transmit(self, made: bytes, freq: int, sf: int, bw: int, power: int) -> int:
        """Send; the end in us of the clock."""
        self._listening = None
        unit = self._unit
        start_us = now_us()
        end_us = start_us + time_on_air_us(sf, bw, len(made))
        snr_db = unit.snr_db + power + 2 - NODE_DBM
        frame = Frame(start_us, end_us, freq, sf, bw, bytes(made), snr_db)
        unit.watch.sent(start_us, end_us, freq, frame.phy)
        unit.sent.append(frame)
        unit.air.begin(frame)
        try:
            await until_us(end_us)
        finally:
            unit.air.end(frame)
        return self._clock.us()

    async def receive(self, open_us: int, symbols: int, freq: int, sf: int, bw: int) -> Any:
        """One window: (bytes, RSSI, SNR x 4) or None."""
        await self._clock.sleep_until_us(open_us)
        self._listening = None
        symbol_us = (1 << sf) * 1_000_000 // bw
        zero_us = self._clock.zero_us
        close_us = open_us + zero_us + symbols * symbol_us
        for frame, snr_db in self._unit.downs:
            heard_us = max(frame.start_us, open_us + zero_us)
            lock_us = min(frame.start_us + 8 * symbol_us, close_us)
            where = frame.frequency_hz, frame.sf, frame.bandwidth_hz
            if where == (freq, sf, bw) and heard_us + 5 * symbol_us <= lock_us:
                await until_us(frame.end_us)
                return frame.phy, -100, round(snr_db * 4)
        await until_us(close_us)
        return None

    def listen(self, freq: int, sf: int, bw: int, on_frame: Any) -> None:
        """Continuous reception."""
        self._listening = (freq, sf, bw), on_frame, now_us()

    def sleep(self) -> None:
        """Nothing is heard."""
        self._listening = None

    async def deliver(self, frame: Frame, snr_db: float) -> None:
        """Class C: the frame is heard if the receiver was on when it began."""
        await until_us(frame.end_us)
        listening = self._listening
        where = frame.frequency_hz, frame.sf, frame.bandwidth_hz
        if listening and listening[0] == where and listening[2] <= frame.start_us:
            listening[1](frame.phy, -100, round(snr_db * 4))


@dataclass(frozen=True)
class Profile:
    """A kind of node; all of them report what a bin does."""

    name: str
    payload: str = "bin"


class Unit:
    """One node. need_sf: the fastest spreading factor that reaches the gateway.

    sent: its transmissions.  joined_us: instants of its joins.  heard_us: of its downlinks.
    """

    def __init__(
        self, air: Air, number: int, folder: Path, *, profile: str = "bin", need_sf: int = 7,
        margin_db: float = 1.0, seed: int = 1, **settings: Any,
    ) -> None:  # fmt: skip
        self.air = air
        self.profile = Profile(profile)
        self.dev_eui = f"70b3d57ed{number:07x}"
        self.draw = Random(f"{seed}/{number}")  # noqa: S311 - a bench
        self.snr_db = REQUIRED_SNR_DB[need_sf] + margin_db
        self.watch = Watch(self.dev_eui)
        self.sent: list[Frame] = []
        self.downs: list[tuple[Frame, float]] = []
        self.joined_us: list[int] = []
        self.heard_us: list[int] = []
        self.lines: list[str] = []
        key = f"{number:032x}"
        self.config = Config(
            dev_eui=self.dev_eui, join_eui=JOIN_EUI, app_key=key, region="eu868",
            confirm_every=4, report_s=600, start_jitter_s=0, profile=profile, batch=1,
            batch_whole=1, repeat=0,
        )  # fmt: skip
        self.config.update(settings)
        self._folder = folder / self.dev_eui
        self._folder.mkdir()
        self.power = Power(profile != "lamp")
        self.window_in_ms: Any = None
        self.spread_s = 0
        self.clock = Clock()
        self._task: asyncio.Task[None] | None = None
        air.add(self, key, profile)

    def start(self) -> None:
        """Give it power."""
        self.config.boots += 1
        self.clock = Clock()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Cut its power. Raises what had ended its flow before."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            if not self._task.cancelled() and (error := self._task.exception()):
                raise error

    def overhear(self, frame: Frame, power_dbm: float) -> None:
        """A downlink is on the air."""
        snr_db = self.snr_db + power_dbm - NODE_DBM
        if snr_db < REQUIRED_SNR_DB[frame.sf] or not self._task:
            return
        now = now_us()
        self.downs = [one for one in self.downs if one[0].end_us > now - 1_000_000]
        self.downs.append((frame, snr_db))
        if self.profile.name == "lamp":
            asyncio.create_task(self.radio.deliver(frame, snr_db))  # noqa: RUF006

    def log(self, source: str, text: str) -> None:
        """The node's log."""
        self.lines.append(f"{now_us() / 1e6:.1f} {source}: {text}")
        if text.startswith("joined,"):
            self.joined_us.append(now_us())

    def heard(self) -> None:
        """The link had a sign of the network."""
        self.heard_us.append(now_us())
        self.watch.heard()

    def received(self, fport: int, data: bytes) -> None:
        """A downlink with data: this node has no commands."""

    async def gap(self, _ms: int) -> None:
        """Never waits: see `Radio.window_in_ms`."""

    async def _run(self) -> None:
        self.store = Store(str(self._folder / "state"))
        folder = str(self._folder / "journal")
        kept = History if self.power.sleeper else Journal
        self.journal = kept(self.store, folder)
        self.lock = asyncio.Lock()
        self.outbox: Any = Outbox(self.journal, self.config, self.clock, self.gap)
        if self.power.sleeper:
            self.outbox = Batching(self)
        self.radio = Radio(self)
        self.link = Link(self, self.radio)
        await self.clock.sleep_until_us(START_S * 1_000_000)
        self.link.listen()
        report: dict[str, int] = {
            "cause": 0, "profile": 0, "major": 0, "minor": 1, "patch": 0,
            "boots": self.config.boots, "config_version": 0,
            "first_seq": self.journal.first_seq(), "next_seq": self.journal.next_seq,
        }  # fmt: skip
        self.outbox.report("boot", report)
        jitter_s = self.config["start_jitter_s"]
        self.spread_s = jitter_s
        if jitter_s:
            await asyncio.sleep(self.draw.uniform(0, jitter_s))
        due_us = self.clock.us()
        while True:
            if self.clock.us() >= due_us:
                self.read()
                due_us += self.config["report_s"] * 1_000_000
            until_us = await self._talk()
            await self.clock.sleep_until_us(due_us if until_us is None else min(until_us, due_us))

    def read(self, *, urgent: bool = False) -> int:
        """Journal a reading now; returns its number."""
        seq = self.journal.next_seq
        names = ("obstructed", "suspect", "low_battery", "uncalibrated")
        fields = {"seq": seq, "age": 0, "valid": 7} | dict.fromkeys(names, 0)
        data = codec.pack("bin", fields)
        clock = self.clock
        one = self.journal.add(self.config.boots, clock.uptime_s(), clock.unix(), 10, data)
        self.outbox.added(one, urgent)
        return seq

    async def _talk(self) -> int | None:
        """Join, or send what waits; the instant of the next try."""
        wait_us = self.link.wait_us()
        while wait_us == 0:
            await self.link.run_once()
            wait_us = self.link.wait_us()
        return None if wait_us is None else self.clock.us() + wait_us
