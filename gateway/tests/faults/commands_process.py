"""The loop of commands in a process that kills itself where it is told; for test_commands.py.

    python commands_process.py STORE GRPC KEY WHERE

WHERE: before (the call) | after (it, before its reply is kept) | never.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from gateway.commands import Commands
from gateway.networks.chirpstack import Network, Settings
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store

path, grpc, key, where = Path(sys.argv[1]), *sys.argv[2:5]


class Dying(Network):
    """ChirpStack's network with places to die at."""

    async def send(self, downlink):
        if where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        receipt = await super().send(downlink)
        if where == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return receipt


async def main():
    async with Store(path) as store:
        network = Dying(Settings(grpc=grpc, api_key=key))
        await Commands(store, network, CommandSettings()).run()


asyncio.run(main())
