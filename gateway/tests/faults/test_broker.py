"""The broker restarts, is away, falls silent, or sends more than can be kept: nothing is lost.

The service, mosquitto and the backend are processes; each fault says that it fired.
"""

import asyncio
import contextlib
import sqlite3
import time

import pytest

from gateway.tests.conftest import Reached, made_devices, service_beside
from gateway.tests.faults.proxy import Proxy
from tools.bench.load.process import rss_mb
from tools.bench.load.scene import gateway, kept
from tools.setup.mosquitto import Broker

pytestmark = [pytest.mark.slow, pytest.mark.faults]

AWAY_S = 5
KEEPALIVE_S = 10
"""The shortest that mosquitto can ask for. Source: mosquitto.conf(5), max_keepalive."""
BURST = 20_000
HELD_MB = 25
"""What a burst of 22 MB may add to the service while it can keep nothing of it."""


@contextlib.asynccontextmanager
async def behind(tmp_path, broker, port):
    """(A service with five devices whose broker is at this port, its webhook); it listens."""
    more = 'grpc = "http://127.0.0.1:1"'
    async with service_beside(tmp_path, Reached(broker, port), more) as scene:
        scene.broker = broker
        await made_devices(scene)
        await scene.service.start()
        hook = await scene.subscribe()
        await scene.listening(scene.devices[0])
        yield scene, hook


@pytest.fixture
async def broker(tmp_path):
    extra = {"max_keepalive": str(KEEPALIVE_S)}
    async with Broker(tmp_path / "mqtt", persistence=True, extra=extra) as made:
        yield made


async def all_once(scene, hook, count):
    """Each reading is in the store once, and delivered to the backend once, in order."""
    totals = await scene.delivered(hook, count)
    stored = await scene.stored(count)
    assert len({one["id"] for one in stored}) == len(stored) == count
    of = {(one["subject"], one["data"]["seq"]) for one in stored}
    assert len(of) == count
    assert (totals["delivered"], totals["matched"]) == (count, count)
    assert (scene.receiver.unordered, scene.receiver.refused) == ([], [])


async def test_a_broker_that_restarts_loses_nothing(tmp_path, broker):
    async with behind(tmp_path, broker, broker.port) as (scene, hook):
        before = broker.pid
        await scene.uplinks(scene.devices, range(1, 21))

        await broker.restart()
        await scene.uplinks(scene.devices, range(21, 41))

        await all_once(scene, hook, 201)
        assert broker.pid != before
        assert "ended the connection" in scene.service.log.read_text()


async def test_a_broker_that_is_away_is_named_and_found_again(tmp_path, broker):
    async with behind(tmp_path, broker, broker.port) as (scene, hook):
        await scene.uplinks(scene.devices, range(1, 11))
        await broker.stop()
        said = await scene.trouble(5)
        await asyncio.sleep(AWAY_S)
        await broker.start()
        began = time.monotonic()
        await scene.well()
        back_s = time.monotonic() - began
        await scene.uplinks(scene.devices, range(11, 21))
        await all_once(scene, hook, 101)

    assert f"the broker mqtt://127.0.0.1:{broker.port}" in said
    assert back_s < 16, "no wait is longer than 15 s"


async def test_a_connection_that_falls_silent_is_left_and_what_was_not_confirmed_is_kept_once(
    tmp_path, broker
):
    """Half-open; before it, the acknowledgements of what is kept already go nowhere."""
    async with (
        Proxy(broker.port).listening() as proxy,
        behind(tmp_path, broker, proxy.port) as (scene, hook),
    ):
        proxy.mute()
        await scene.uplinks(scene.devices, range(1, 9))
        await scene.stored(41)
        proxy.silence()
        began = time.monotonic()
        await scene.uplinks(scene.devices, range(9, 29))

        await all_once(scene, hook, 141)

        took_s = time.monotonic() - began
        assert proxy.swallowed >= 40 * 4, "the acknowledgements went nowhere"
        assert proxy.connections == 2
        assert "does not answer any more" in scene.service.log.read_text()
    assert took_s < 1.5 * KEEPALIVE_S + 5


async def test_more_than_can_be_kept_waits_at_the_broker():
    """Another process holds the store for a while; a burst meanwhile stays out of the memory."""
    async with gateway() as (scene, service), kept(service) as count:
        await scene.run(200)
        before_mb = rss_mb(scene.service)
        locked = sqlite3.connect(service.folder / "lamplighter.db", isolation_level=None)
        with contextlib.closing(locked):
            locked.execute("BEGIN IMMEDIATE")
            running = asyncio.create_task(scene.run(BURST, most_s=90))
            await asyncio.sleep(4)
            held = await count()
            added_mb = rss_mb(scene.service) - before_mb
            locked.execute("ROLLBACK")
        run = await running
        again = await scene.run(200, rate=100)

    assert held == 200, "nothing could be kept"
    assert added_mb < HELD_MB
    assert (run.missing, run.wrong, again.missing, again.wrong) == (0, [], 0, [])
