"""Ingest alone in a process of its own, that kills itself where it is told. Run by test_ingest.py.

    python ingest_process.py STORE MQTT_URL WHERE AFTER

WHERE: received | committed | acknowledged | never.  AFTER: how often that place is passed alive.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from msgspec.structs import replace

from gateway.ingest import Ingest
from gateway.networks.chirpstack import Network, Settings
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store

path, mqtt, where, after = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
passed = 0


def reached(place):
    """Die here, with nothing flushed, nothing closed."""
    global passed  # noqa: PLW0603
    passed += place == where
    if passed > after:
        os.kill(os.getpid(), signal.SIGKILL)


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
        envelope.acknowledge()
        reached("acknowledged")


async def main():
    async with Store(path) as store, Dying(Settings(mqtt=mqtt, application="street")) as network:
        await Ingest(store, network, CommandSettings()).run()


asyncio.run(main())
