"""The loop of commands killed around its call: never two items without `unknown` between.

Real: the process, SIGKILL, gRPC, SQLite. Emulated: the network server (the bench's).
"""

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.asking import ask
from gateway.clock import wall_ms
from gateway.model import Device
from gateway.networks.chirpstack import Network, Settings
from gateway.store.sqlite import Store
from tools.bench.network import Durations, NetworkServer
from tools.setup.mosquitto import Broker

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
LAMP = Device("70b3d57ed00000a1", "lamp", "lamp", "70b3d57ed0000000", "C")

pytestmark = [pytest.mark.slow, pytest.mark.faults]


class Scene:
    """A network server that outlives our processes, and a store."""

    def __init__(self, folder, server):
        self.path, self.server = folder / "a.db", server
        self.grpc = f"http://{server.grpc_address}"
        self.network = Network(Settings(grpc=self.grpc, api_key=server.admin_key))

    async def run(self, where, seconds=20.0):
        """A process until it dies, or for these seconds."""
        arguments = (str(self.path), self.grpc, self.server.admin_key, where)
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / "commands_process.py"), *arguments,
            cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def ask(self):
        async with Store(self.path) as store:
            asked = {"now_ms": wall_ms(), "expires_in_s": 600, "room": self.network.most_bytes}
            await store.write(
                lambda tx: ask(tx, LAMP.dev_eui, "resend", {"first": 1, "count": 1}, **asked)
            )

    async def outcome(self):
        """(what happened to the command, items in the server's queue)."""
        async with Store(self.path) as store:
            (command,) = await store.read(lambda view: view.commands())
        queued = await self.network.queued(LAMP.dev_eui)
        return [step.what for step in command.history], len(queued)


@pytest.fixture
async def scene(tmp_path):
    async with (
        Broker() as broker,
        NetworkServer(mqtt=(broker.host, broker.port), settings=Durations.fast()) as server,
    ):
        made = Scene(tmp_path, server)
        await made.network.register(LAMP, "00" * 16)
        async with Store(made.path) as store:
            await store.write(lambda tx: tx.add_device(LAMP))
        await made.ask()
        yield made
        await made.network._calls.close()


async def test_killed_before_the_call_it_is_made_once(scene):
    assert await scene.run("before") == -9
    assert await scene.outcome() == (["desired", "submitted"], 0)

    await scene.run("never", 5)

    assert await scene.outcome() == (
        ["desired", "submitted", "unknown", "submitted", "enqueued"],
        1,
    )


async def test_killed_after_the_call_it_is_found_in_the_queue(scene):
    assert await scene.run("after") == -9
    assert await scene.outcome() == (["desired", "submitted"], 1)

    await scene.run("never", 5)

    assert await scene.outcome() == (["desired", "submitted", "unknown", "enqueued"], 1)


async def test_killed_again_and_again_there_is_one_item(scene):
    for _ in range(3):
        await scene.run("after", 5)
    await scene.run("never", 5)

    history, items = await scene.outcome()
    assert (history.count("submitted"), items) == (1, 1)
