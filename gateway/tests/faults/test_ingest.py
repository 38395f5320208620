"""Ingest killed at every place, brokers that come and go: no reading lost, none twice.

Real: the process, SIGKILL, mosquitto, SQLite. Emulated: what ChirpStack publishes.
"""

import asyncio
import base64
import json
import random
import sqlite3
import sys
import time
from pathlib import Path

import msgspec
import paho.mqtt.publish
import pytest
from wire.codec import frame, pack
from wire.meaning import EXAMPLES

from gateway.events import Event
from gateway.model import Device
from gateway.store.sqlite import Store
from tools.setup.mosquitto import Broker

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
LINES = (HERE.parent / "data" / "chirpstack_events.jsonl").read_text().splitlines()
UP = next(json.loads(line) for line in LINES if '/up"' in line)
DEV_EUI = UP["json"]["deviceInfo"]["devEui"]

pytestmark = [pytest.mark.slow, pytest.mark.faults]


class Street:
    """A broker, a store with one device, and ingest processes that die."""

    def __init__(self, folder, broker):
        self.path, self.broker = folder / "a.db", broker
        self.fcnt = 0

    async def add_device(self):
        async with Store(self.path) as store:
            device = Device(DEV_EUI, "bin", "bin", "00")
            await store.write(lambda tx: tx.add_device(device))

    async def publish(self, numbers):
        """One uplink a reading."""
        messages = []
        for number in numbers:
            reading = EXAMPLES["bin"][0] | {"seq": number}
            data = base64.b64encode(frame([pack("bin", reading)])).decode()
            own = {"fCnt": self.fcnt, "fPort": 10, "data": data, "deduplicationId": f"{self.fcnt}"}
            self.fcnt += 1
            body = json.dumps(UP["json"] | own)
            messages.append({"topic": UP["topic"], "payload": body, "qos": 1})
        host, port = self.broker.host, self.broker.port
        await asyncio.to_thread(paho.mqtt.publish.multiple, messages, hostname=host, port=port)

    async def ingest(self, where="never", after=0, under=()):
        """An ingest process. under: the program that runs it, strace."""
        broker = f"mqtt://{self.broker.host}:{self.broker.port}"
        return await asyncio.create_subprocess_exec(
            *under, sys.executable, str(HERE / "ingest_process.py"), str(self.path), broker, where,
            str(after), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def readings(self):
        """The numbers of all readings in the store, in the order of their events."""
        async with Store(self.path) as store:
            entries = await store.read(lambda view: view.events(kind="reading", limit=100_000))
        return [msgspec.json.decode(one.body, type=Event).data["seq"] for one in entries]

    async def until(self, count, within_s=90):
        """Wait until the store holds this many readings; waits between reconnections included."""
        end = time.monotonic() + within_s
        while (found := len(await self.readings())) < count:
            assert time.monotonic() < end, f"{found} of {count} readings after {within_s} s"
            await asyncio.sleep(0.05)

    async def has_session(self):
        """Have the broker know our client, so that it keeps what comes."""
        process = await self.ingest("acknowledged", 0)
        ended = asyncio.create_task(process.wait())
        async with asyncio.timeout(60):
            while not ended.done():  # what comes before its first subscription is lost
                await self.publish([65535])
                await asyncio.wait([ended], timeout=5)


@pytest.fixture
async def street(tmp_path):
    async with Broker(tmp_path / "mqtt", persistence=True) as broker:
        made = Street(tmp_path, broker)
        await made.add_device()
        await made.has_session()
        yield made


@pytest.mark.parametrize("where", ["received", "committed", "acknowledged"])
async def test_killed_at_each_place_ingest_loses_nothing_and_doubles_nothing(street, where):
    draw = random.Random(where)
    await street.publish(range(200))

    for _ in range(10):
        process = await street.ingest(where, draw.randrange(1 if where == "received" else 30))
        await asyncio.wait_for(process.wait(), 20)
        assert process.returncode == -9
    process = await street.ingest()
    await street.until(201)
    process.kill()
    await process.wait()

    assert sorted(await street.readings()) == [*range(200), 65535]
    connection = sqlite3.connect(street.path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def test_killed_at_any_moment_under_load(street):
    draw = random.Random(1)
    sending = asyncio.create_task(street.publish(range(1500)))

    for _ in range(8):
        process = await street.ingest()
        await asyncio.sleep(0.4 + draw.random() * 0.4)
        process.kill()
        assert await process.wait() == -9
    await sending
    process = await street.ingest()
    await street.until(1501)
    process.kill()
    await process.wait()

    assert sorted(await street.readings()) == [*range(1500), 65535]


async def test_the_broker_comes_and_goes(street):
    process = await street.ingest()
    for turn in range(4):
        await street.publish(range(turn * 50, turn * 50 + 50))
        before = street.broker.pid
        await street.broker.restart()
        assert street.broker.pid != before
    await street.until(201)
    process.kill()
    await process.wait()

    assert sorted(await street.readings()) == [*range(200), 65535]
