"""A street of emulated boards with everything behind it, for `make run` and hil tests.

Composition only: boards and air (one Node process), packet forwarder, broker, network server, the
gateway (a process of its own) and the backend that receives its webhooks. Time is paced: the wall
clock is the boards' horizon.
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tools.bench.city.recorded import City
from tools.bench.main_job.external import ExternalNetwork
from tools.bench.main_job.page import open_page
from tools.bench.main_job.receiver import Receiver
from tools.bench.main_job.service import GatewayService
from tools.bench.main_job.story import Story
from tools.bench.network import NetworkServer
from tools.bench.world.board import VirtualBoard
from tools.bench.world.forwarder import Forwarder
from tools.bench.world.image import image
from tools.bench.world.lab import BOARD, RADIO_GATEWAY_ID
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import wiring
from tools.build import staged_files
from tools.setup.mosquitto import Broker

START = datetime(2015, 11, 20, 17, 0, tzinfo=UTC)
"""The street's first instant: a dusk of the recorded year."""
POSITIONS_M = {"bin": (140, 0), "lamp": (60, 90), "counter": (-80, 40)}
"""Where the boards stand, metres from the radio gateway: a street of some 200 m."""

BOARDS = {"bin": BOARD, "lamp": BOARD, "counter": "t_beam"}
"""The product that each of them is: a file of boards/. One has an ESP32, the others an RP2040."""

STAGGER_US = 1_700_000
"""Between two boards' power: a join-accept of one then meets no uplink of another."""

CONFIG = """\
site = "street"

[network]
kind = "chirpstack"
{network}

[store]
path = "{folder}/gateway.db"

[http]
bind = "{bind}"

[delivery]
allow_private = true
"""


@dataclass
class Node:
    """One board of the street.

    product: a file of boards/. settings: what its /device.json holds.
    """

    name: str
    product: str
    dev_eui: str
    settings: dict[str, Any]
    board: VirtualBoard = field(repr=False)


def free_port() -> int:
    """A free TCP port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Street:
    """Everything from the boards' pins to the backend; its boards wait for `power_up`.

    names: which of bin, lamp, counter stand there. settings: what every board's /device.json gets
    beside its keys. network: a real ChirpStack instead of the bench's. recorded: the city's data
    drive the sensors; else they are constant until a test changes them. Attributes are the parts:
    network, service, receiver, simulation, forwarder, nodes (by name).
    """

    def __init__(
        self,
        folder: Path,
        *,
        names: tuple[str, ...] = tuple(POSITIONS_M),
        seed: int = 1,
        settings: dict[str, Any] | None = None,
        story: Story | None = None,
        network: ExternalNetwork | None = None,
        recorded: bool = True,
    ) -> None:
        self.folder = folder
        self.names = names
        self.seed = seed
        self.story = story
        self.external = network
        self.recorded = recorded
        self.settings = settings or {}
        self.broker = Broker(folder / "mqtt")
        self.receiver = Receiver()
        self.simulation = Simulation(seed=seed)
        self.city = City(START, seed=seed)
        self.nodes: dict[str, Node] = {}
        self.registered: list[str] = []
        self._stack = AsyncExitStack()

    def tell(self, what: str) -> None:
        """One line of the story about the street itself."""
        if self.story:
            self.story.tell("street", what)

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        enter = self._stack.enter_async_context
        await asyncio.gather(enter(self.broker), enter(self.receiver), enter(self.simulation))
        self.bench = NetworkServer(mqtt=(self.broker.host, self.broker.port))
        self.network = await enter(self.external or self.bench)
        host, port = self.network.mqtt
        self.tell(f"broker on port {port}, network server on {self.network.grpc_address}")
        await self._open_gateway()
        await self._open_radio_gateway(host, port)
        for name in self.names:
            await self._add_node(name)
        if self.story:
            places = {name: POSITIONS_M[name] for name in self.names}
            self.tell(await open_page(self.service, self.folder, places))

    async def _open_radio_gateway(self, host: str, port: int) -> None:
        """Registers a radio gateway; an own one at a ChirpStack that others use too."""
        gateway_id = self.external.own_id if self.external else RADIO_GATEWAY_ID
        await self.network.add_radio_gateway(gateway_id)
        await self.simulation.add_radio_gateway(gateway_id, (0, 0))
        forwarder = Forwarder(self.simulation, host, port, gateway_id)
        if self.external:
            access = self.external.access
            forwarder = Forwarder(
                self.simulation, host, port, gateway_id, access.prefix,
                user=access.user, tls=access.broker_tls,
            )  # fmt: skip
        self.forwarder = await self._stack.enter_async_context(forwarder)

    async def _open_gateway(self) -> None:
        bind = f"127.0.0.1:{free_port()}"
        network = self.external.settings if self.external else self._bench_settings()
        config = CONFIG.format(
            folder=self.folder,
            bind=bind,
            network="\n".join(f"{key} = {json.dumps(value)}" for key, value in network.items()),
        )
        self.service = GatewayService(self.folder, config, bind)
        self._stack.push_async_callback(self.service.close)
        self.service.key = (await self.service.cli("key", "add", "street", "--scope", "admin"))[
            "key"
        ]
        await self.service.start()
        hook = await self.service.request("POST", "/v1/webhooks", {"url": self.receiver.url})
        self.receiver.secret = hook["secret"]
        self.tell(f"gateway answers on {bind}, webhooks go to {self.receiver.url}")

    def _bench_settings(self) -> dict[str, str]:
        """Keys of `[network]` for the bench's own network server."""
        return {
            "grpc": f"http://{self.network.grpc_address}",
            "api_key": self.bench.admin_key,
            "mqtt": "mqtt://{}:{}".format(*self.network.mqtt),
            "tenant_id": self.bench.tenant_id,
        }

    async def _add_node(self, name: str) -> None:
        body = {"name": name, "profile": name}
        made = await self.service.request("POST", "/v1/devices", body)
        settings = made["device_json"] | {"start_jitter_s": 0} | self.settings
        product = BOARDS[name]
        files = staged_files(product) | {"/device.json": json.dumps(settings).encode()}
        board = await self.simulation.add_board(
            name,
            board=product,
            flash=image(files, wiring(product)["FLASH"]["fs_size"]),
            position_m=POSITIONS_M[name],
            parts=self.city.parts(name) if self.recorded else None,
            power=False,
        )
        self.nodes[name] = Node(name, product, made["dev_eui"], settings, board)

    async def power_up(self) -> None:
        """Gives the boards power, one after the other: on one feeder all would join at once."""
        for node in self.nodes.values():
            await node.board.power(True)
            what = f"an emulated {node.product} with DevEUI {node.dev_eui}"
            self.tell(f"{node.name}: {what} gets power")
            await self.simulation.advance(STAGGER_US)

    @property
    def names_by_eui(self) -> dict[str, str]:
        """{dev_eui: name} of the nodes."""
        return {node.dev_eui: node.name for node in self.nodes.values()}
