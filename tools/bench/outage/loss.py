"""A bin's outbox in front of a network that loses frames and sends nothing, and the gateway.

Its readings are hourly fills of Edinburgh's bins, those of one bin after another, so that each 14
days the fill jumps. What is left of the frames goes through the gateway's decoder and its numbers.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

# first: it gives the firmware's modules their `micropython`
from tools.bench.outage.unit import Config, Power, Profile

# isort: split
from node.batching import Batching
from node.journal import Journal
from node.store import Store
from wire import codec
from wire.schema import PAYLOADS

from gateway.devices import Reading, lamplighter
from gateway.model import Device
from gateway.notices import Uplink
from gateway.seen.gaps import Gaps
from tools.bench.city import series

EVERY_S = 3600
SENDS_S = 5
"""From a reading to its frame."""
NOISE_MM = 4
"""Of a distance, most; invented."""
ROOM = 51
"""The longest FRMPayload of EU868's DR0. Source: RP002-1.0.4, 2.4.6."""
DEVICE = Device("0" * 16, "bin", "bin", "0" * 16)
Frames = list[tuple[int, bytes]]
"""(FPort, FRMPayload), one for each reading."""


class Clock:
    """Set by whoever reads; the time of day is unknown, for no downlink tells it."""

    now_s = 0

    def uptime_s(self) -> int:
        """Seconds since the start."""
        return self.now_s

    def unix(self) -> int:
        """0: unknown."""
        return 0


class Sender:
    """What `node.batching` asks of a node; nothing is ever acknowledged."""

    def __init__(self, folder: Path, repeat: int) -> None:
        self.config = Config(confirm_every=0, batch=1, batch_whole=1, repeat=repeat)
        self.clock = Clock()
        self.power = Power(sleeper=True)
        self.profile = Profile("bin")
        self.journal = Journal(Store(f"{folder}/state"), f"{folder}/journal")
        self.outbox: Any = Batching(self)

    async def gap(self, _ms: int) -> None:
        """No window is near."""

    async def send(self, values: dict[str, int]) -> tuple[int, bytes]:
        """The frame of a reading of these fields."""
        clock, journal = self.clock, self.journal
        clock.now_s += EVERY_S - SENDS_S
        record = codec.pack("bin", values | {"seq": journal.next_seq, "age": 0})
        journal.add(0, clock.uptime_s(), 0, PAYLOADS["bin"][0], record)
        clock.now_s += SENDS_S
        f_port, data, _ = await self.outbox.next(ROOM)
        self.outbox.done(False)
        return f_port, data


def frames(folder: Path, repeat: int, bins: int) -> Frames:
    """What a node with this setting sends for the readings of so many bins."""

    async def sent() -> Frames:
        sender = Sender(folder, repeat)
        return [await sender.send(one) for one in _readings(bins)]

    return asyncio.run(sent())


def _readings(bins: int) -> Iterator[dict[str, int]]:
    draw = random.Random(1)  # noqa: S311 - the same on every machine
    usual = dict.fromkeys(("obstructed", "suspect", "low_battery", "uncalibrated"), 0)
    for fill in chain.from_iterable(series.fills()[:bins]):
        distance = 1200 - 10 * fill + draw.randint(-NOISE_MM, NOISE_MM)
        more = {"fill": fill, "distance": distance, "spread": draw.randint(2, 9)}
        yield usual | more | {"valid": draw.choice((7, 7, 7, 6)), "battery": 3600}


def lost(count: int, share: float, burst: float, seed: int) -> list[bool]:
    """Which frames are lost: each by chance, or as many in a row as `burst` in the mean.

    With bursts a Markov chain of two states; with burst 1 / (1 - share) it is chance alone.
    Source: Gilbert, Capacity of a burst-noise channel (1960).
    """
    draw = random.Random(f"{seed}/{share}/{burst}")  # noqa: S311 - the same on every machine
    ends = 1 / burst
    begins = ends * share / (1 - share)
    found: list[bool] = []
    state = False
    for _ in range(count):
        state = draw.random() >= ends if state else draw.random() < begins
        found.append(state)
    return found


def arrived(sent: Frames, gone: list[bool], decoded: dict[bytes, list[Any]]) -> int:
    """How many readings the gateway takes, each once. decoded: kept from one run to the next."""
    gaps = Gaps()
    taken = 0
    for at, (f_port, data) in enumerate(sent):
        if gone[at]:
            continue
        now_ms = 1000 * EVERY_S * (at + 1)
        if data not in decoded:
            uplink = Uplink(
                id=str(at), dev_eui=DEVICE.dev_eui, at_ms=now_ms, dev_addr="", fcnt=at,
                fport=f_port, data=data,
            )  # fmt: skip
            decoded[data] = lamplighter.decode(DEVICE, uplink)
        for one in decoded[data]:
            assert isinstance(one, Reading)
            if one.seq is not None:
                taken += gaps.admits(one.seq, one.age_s, now_ms, now_ms)
    return taken
