"""Ingest alone in a process of its own, that kills itself where it is told. Run by test_ingest.py.

    python ingest_process.py STORE MQTT_URL WHERE AFTER

WHERE: received | committed | acknowledged | never; or `told`: it lives on, writes FCnt of each
uplink on stderr just before it acknowledges it, and checkpoints the store after every 16th.
AFTER: how often that place is passed alive.
"""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

from msgspec.structs import replace

from gateway.ingest import Ingest
from gateway.networks.chirpstack import Network, Settings
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store
from tools.setup.children import die_with_parent

path, mqtt, where, after = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
passed = 0
if where == "told":
    die_with_parent(signal.SIGKILL)  # of strace


def reached(place):
    """Die here, with nothing flushed, nothing closed."""
    global passed  # noqa: PLW0603
    if place != where:
        return
    passed += 1
    if passed > after:
        os.kill(os.getpid(), signal.SIGKILL)


def tell(envelope):
    """Say what is acknowledged now."""
    global passed  # noqa: PLW0603
    os.write(2, b"acknowledges %d\n" % json.loads(envelope.body)["fCnt"])
    passed += 1
    if passed % 16 == 0:
        with contextlib.closing(sqlite3.connect(path)) as store:
            store.execute("PRAGMA wal_checkpoint")


class Dying(Network):
    """ChirpStack's network with places to die at."""

    async def uplinks(self):
        async for batch in super().uplinks():
            reached("received")
            yield [
                replace(one, acknowledge=lambda one=one: self.acknowledge(one)) for one in batch
            ]

    def acknowledge(self, envelope):
        reached("committed")
        if where == "told":
            tell(envelope)
        envelope.acknowledge()
        reached("acknowledged")


async def main():
    async with Store(path) as store, Dying(Settings(mqtt=mqtt, application="street")) as network:
        await Ingest(store, network, CommandSettings()).run()


asyncio.run(main())
