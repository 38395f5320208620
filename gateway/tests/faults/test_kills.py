"""The whole service killed again and again under load: nothing is lost, nothing is kept twice.

Real: the process, SIGKILL, mosquitto, HTTP, SQLite. Emulated: what ChirpStack publishes. 32 kills;
with `--weeks`, as in `make faults`, 1000.
"""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from gateway.tests.conftest import Reached, made_devices, service_beside
from gateway.tests.faults.proxy import Proxy
from tools.setup.children import die_with_parent
from tools.setup.mosquitto import Broker
from tools.setup.paths import ROOT

AT_PUBACK = 8
NOWHERE = 'grpc = "http://127.0.0.1:1"'
PUBACK = b"\x40"
"""First byte of a PUBACK. Source: MQTT 5.0, 3.4.1."""
HERE = Path(__file__).parent
AT_ONCE = 8
"""Attempts to one endpoint at a time, `delivery.parallel`: as many may come again after a kill."""

pytestmark = [pytest.mark.slow, pytest.mark.faults]


class Lives:
    """Services started one after another. statuses: how each ended."""

    def __init__(self, process):
        self._process = process
        self.statuses: list[int] = []

    async def start(self):
        """The pid of a new one, which has begun but does not serve yet."""
        self._process.stdin.write(b"\n")
        return int(await self._process.stdout.readline())

    async def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        await self.ended()

    async def ended(self):
        """Wait for the end of the one that was started last."""
        self.statuses.append(int(await self._process.stdout.readline()))


@contextlib.asynccontextmanager
async def lives(service):
    with service.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / "serve_again.py"), str(service.config), cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            preexec_fn=die_with_parent,
        )  # fmt: skip
    try:
        yield Lives(process)
    finally:
        process.kill()
        await process.wait()


async def campaign(scene, kills, draw):
    """Uplinks before each start; a kill at any moment of it, or while events go through.

    Returns (uplinks of each device, how many of the kills came while events went through).
    """
    number = working = 0
    async with lives(scene.service) as made:
        for turn in range(kills):
            arrived = len(scene.receiver.events)
            await scene.uplinks(scene.devices, [number + 1, number + 2])
            number += 2
            pid = await made.start()
            if turn % 4:
                await scene.arrived(arrived + draw.randrange(1, 24))
            else:
                await asyncio.sleep(draw.random() * 0.2)
            working += len(scene.receiver.events) > arrived
            await made.kill(pid)
        assert made.statuses == [-signal.SIGKILL] * kills
    return number, working


@pytest.mark.timeout(3600)
async def test_killed_at_any_moment_the_service_loses_nothing_and_doubles_nothing(
    scene, pytestconfig
):
    kills = 1000 if pytestconfig.getoption("weeks") else 32
    await scene.service.start()
    hook = await scene.subscribe()
    await scene.listening(scene.devices[0])
    await scene.service.stop()

    number, working = await campaign(scene, kills, random.Random(kills))
    count = number * len(scene.devices) + 1
    await scene.service.start()
    stored = await scene.stored(count)
    totals = await scene.delivered(hook, count)
    await scene.service.stop()

    assert working > kills / 2, "most kills came while events went through"
    assert len(stored) == len({(one["subject"], one["data"]["seq"]) for one in stored}) == count
    key = lambda event: event["id"]  # noqa: E731
    assert sorted(scene.receiver.events, key=key) == sorted(stored, key=key)
    assert (scene.receiver.unordered, scene.receiver.refused) == ([], [])
    assert len(scene.receiver.repeated) <= kills * AT_ONCE
    assert (totals["matched"], totals["delivered"]) == (count, count)
    with contextlib.closing(sqlite3.connect(scene.service.folder / "lamplighter.db")) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class Killer:
    """Kills the service as its first PUBACK of a life passes, which the broker still gets."""

    def __init__(self):
        self.pid = 0
        self.kills = 0
        self.killed = asyncio.Event()

    def hear(self, data):
        if self.pid and data[:1] == PUBACK:
            os.kill(self.pid, signal.SIGKILL)
            self.pid = 0
            self.kills += 1
            self.killed.set()


async def test_killed_as_it_acknowledges_nothing_that_it_acknowledged_is_lost(tmp_path):
    killer, number = Killer(), 0
    async with (
        Broker(tmp_path / "mqtt", persistence=True) as broker,
        Proxy(broker.port, killer.hear).listening() as proxy,
        service_beside(tmp_path, Reached(broker, proxy.port), NOWHERE) as scene,
    ):
        scene.broker = broker
        await made_devices(scene)
        await scene.service.start()
        await scene.listening(scene.devices[0])
        await scene.service.stop()
        async with lives(scene.service) as made:
            for _ in range(AT_PUBACK):
                await scene.uplinks(scene.devices, range(number + 1, number + 9))
                number += 8
                killer.killed.clear()
                killer.pid = await made.start()
                await asyncio.wait_for(killer.killed.wait(), 20)
                await made.ended()
        await scene.service.start()
        stored = await scene.stored(1 + number * len(scene.devices))
        await scene.service.stop()

    seen = [(one["subject"], one["data"]["seq"]) for one in stored]
    assert made.statuses == [-signal.SIGKILL] * AT_PUBACK
    assert killer.kills == AT_PUBACK
    assert len(set(seen)) == len(seen) == 1 + number * len(scene.devices)
