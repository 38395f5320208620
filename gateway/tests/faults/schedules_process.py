"""Schedules and bulks in a process that kills itself at a write; for test_schedules.py.

    python schedules_process.py STORE START_MS MINUTES WHERE NUMBER

The clock begins at START_MS and steps by a minute. WHERE: before | after the commit of the write
with that NUMBER | never.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from gateway.bulks import Bulks
from gateway.daily import Schedules
from gateway.networks.virtual import Network
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store

path, start_ms, minutes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
where, number = sys.argv[4], int(sys.argv[5])


class Dying(Store):
    """The store with places to die at."""

    written = 0

    async def write(self, change, *, within_s=0.0):
        self.written += 1
        if (where, number) == ("before", self.written):
            os.kill(os.getpid(), signal.SIGKILL)
        result = await super().write(change, within_s=within_s)
        if (where, number) == ("after", self.written):
            os.kill(os.getpid(), signal.SIGKILL)
        return result


async def main():
    async with Dying(path) as store:
        now_ms = start_ms
        settings = CommandSettings(airtime=1)
        loops = [one(store, Network(), settings, lambda: now_ms) for one in (Schedules, Bulks)]
        for _ in range(minutes):
            for loop in loops:
                await loop.step()
            now_ms += 60_000


asyncio.run(main())
