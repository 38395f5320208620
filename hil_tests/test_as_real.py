"""The options for a real board and a real network server, tried on what stands in for both.

A virtual board is given to the tests as a mere port, and the bench network server, started alone
as a process, as a mere address. It exercises the options; no physical board and no real
ChirpStack has been tried.
"""

import asyncio
import os
import sys

import pytest

from hil_tests.nodes import only_virtual
from tools.bench.child import ended
from tools.bench.main_job.access import Access
from tools.bench.main_job.external import ExternalNetwork
from tools.bench.world.forwarder import Forwarder
from tools.bench.world.image import image
from tools.bench.world.lab import BOARD, RADIO_GATEWAY_ID
from tools.bench.world.simulation import Simulation
from tools.build import staged_files
from tools.setup.mosquitto import Broker
from tools.setup.paths import ROOT, environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CHOSEN = "says_who or knows or first_reading or interval or unknown or garbage"


async def started_alone(broker):
    """`python -m tools.bench.network` as a process; returns (process, gRPC address, admin key)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "tools.bench.network", "--grpc", "127.0.0.1:0",
        "--mqtt", f"mqtt://{broker.host}:{broker.port}",
        cwd=ROOT, env=environment(), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    said: dict[str, str] = {}
    while "api key" not in said:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert line, "the network server ended"
        name, _, value = line.strip().partition("  ")
        said[name] = value.strip()
    address, key = said["grpc"].strip(), said["api key"]
    return process, address, key


async def test_the_options_for_real_ones_run_the_same_tests(virtual, tmp_path):
    only_virtual(virtual, "it makes its own stand-ins")
    async with Broker(tmp_path / "mqtt") as broker, Simulation(seed=3) as simulation:
        server, address, key = await started_alone(broker)
        try:
            url, mqtt = f"grpc://{address}", f"mqtt://{broker.host}:{broker.port}"
            async with ExternalNetwork(Access(url, mqtt, key)) as network:
                await network.add_radio_gateway(RADIO_GATEWAY_ID)
            await simulation.add_radio_gateway(RADIO_GATEWAY_ID, (0, 0))
            board = await simulation.add_board("real", flash=image(staged_files(BOARD)))
            async with (
                Forwarder(simulation, broker.host, broker.port, RADIO_GATEWAY_ID),
                board.port() as port,
            ):
                code, said = await same_tests(port, url, mqtt, key)
        finally:
            server.terminate()
            await server.wait()
    assert code == 0, said
    assert "6 passed" in said


async def same_tests(port, url, mqtt, key):
    """The same test file in a process of its own that knows only a port and addresses."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pytest", "hil_tests/test_street.py", "-q", "-p", "no:cacheprovider",
        "-k", CHOSEN, "--board", BOARD, "--port", port, "--profile", "bin",
        "--network", url, "--network-mqtt", mqtt,
        cwd=ROOT, env=os.environ | {"CHIRPSTACK_KEY": key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    status, out = await ended(process, 300)
    return status, out[-6000:]
