"""What the hil tests run on: `--board virtual|NAME --port PORT` and `--network bench|grpc://HOST:PORT`.

Written once: a virtual board is used over a pseudo-terminal as a real one over its port.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from hil_tests.console import Console
from hil_tests.nodes import Node, register
from tools.bench.main_job.access import Access, NetworkAccessError
from tools.bench.main_job.external import ExternalNetwork
from tools.bench.main_job.service import ServiceError
from tools.bench.main_job.street import POSITIONS_M, Street
from tools.bench.network.broker import BrokerAbsentError

SETTINGS = {"report_s": 300, "sample_s": 60, "empty_mm": 1200, "height_mm": 1000}
"""A report each 5 minutes: what a test waits for, it asked for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a bench."""
    group = parser.getgroup("bench")
    group.addoption("--board", default="virtual", help="virtual, or a name in boards/")
    group.addoption("--port", help="serial port of the real board, e.g. /dev/ttyACM0")
    group.addoption("--profile", default="bin", help="what the real board is: bin, lamp, counter")
    group.addoption(
        "--network", default="bench", help="bench, or grpc://HOST:PORT of a ChirpStack"
    )
    group.addoption(
        "--network-mqtt", help="mqtt[s]://[USER:PASSWORD@]HOST:PORT of that ChirpStack's broker"
    )
    group.addoption("--network-prefix", default="eu868", help="topic prefix of its radio gateways")
    group.addoption("--network-tenant", help="id of the tenant to use; else the first")
    group.addoption("--network-ca", help="PEM file of the authority of its certificates")
    group.addoption("--network-cert", help="PEM file of our certificate and key, if it asks")
    group.addoption(
        "--network-events-prefix", help="what stands before application/ in its event_topic"
    )


@dataclass(frozen=True)
class Bench:
    """What was chosen. port: empty for a virtual board. access: None for the bench's network."""

    board: str
    port: str
    profile: str
    access: Access | None


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config) -> Bench:
    """The options, checked: a real board needs its port, a real network its broker and key."""

    def option(name: str) -> str:
        return str(pytestconfig.getoption(name) or "")

    if option("board") != "virtual" and not option("port"):
        pytest.exit("a real board needs --port, e.g. --port /dev/ttyACM0", returncode=4)
    access = None
    if option("network") != "bench":
        if not option("network_mqtt"):
            pytest.exit("a real network needs --network-mqtt mqtt://HOST:PORT", returncode=4)
        if "CHIRPSTACK_KEY" not in os.environ:
            pytest.exit("a real network needs its API key in CHIRPSTACK_KEY", returncode=4)
        access = Access(
            option("network"),
            option("network_mqtt"),
            os.environ["CHIRPSTACK_KEY"],
            prefix=option("network_prefix"),
            tenant=option("network_tenant"),
            ca_file=option("network_ca"),
            cert_file=option("network_cert"),
            events_prefix=option("network_events_prefix"),
        )
    return Bench(option("board"), option("port"), option("profile"), access)


@pytest.fixture(scope="session")
def virtual(bench: Bench) -> bool:
    """Whether the board is emulated: its pins can be driven and measured, its power cut."""
    return bench.board == "virtual"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def street(
    bench: Bench, virtual: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    """The whole street, paced, for the session."""
    folder: Path = tmp_path_factory.mktemp("street")
    names = tuple(POSITIONS_M) if virtual else ()
    async with contextlib.AsyncExitStack() as stack:
        try:
            external = ExternalNetwork(bench.access) if bench.access else None
            opened = Street(
                folder, names=names, network=external, settings=SETTINGS, recorded=False
            )
            await stack.enter_async_context(opened)
        except (NetworkAccessError, BrokerAbsentError, ServiceError) as error:
            pytest.exit(str(error), returncode=4)
        await stack.enter_async_context(opened.simulation.paced())
        await opened.power_up()
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nodes(street: Street, bench: Bench, virtual: bool) -> AsyncIterator[dict[str, Node]]:
    """{profile: Node}, each with its console open: three virtual boards, or the one real board."""
    found: dict[str, Node] = {}
    async with contextlib.AsyncExitStack() as stack:
        if virtual:
            for name, one in street.nodes.items():
                port = await stack.enter_async_context(one.board.port())
                console = await stack.enter_async_context(Console(port))
                found[name] = Node(name, one.dev_eui, console, street)
        else:
            name = bench.profile
            made = await register(street, name)
            console = await stack.enter_async_context(Console(bench.port))
            for key in ("dev_eui", "join_eui", "app_key", "profile"):
                await console.ask(f"config {key} {made['device_json'][key]}")
            await console.restart()
            found[name] = Node(name, made["dev_eui"], console, street)
        yield found
