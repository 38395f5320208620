"""Boards, air and network server in virtual time: no broker, no gateway, no wall clock.

For what must be exact and repeatable (power cuts, timing, energy, a day in seconds). The network
server is the same `Core` that the paced world runs, here as a plain function of time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Self

from chirpstack_api import api, common, gw
from wire.all_profiles import PROFILES
from wire.batch import FPORT
from wire.batch_decoding import readings

from tools.bench.network.adr import ALGORITHM
from tools.bench.network.core import Core
from tools.bench.network.events import Event
from tools.bench.network.outbox import Output
from tools.bench.network.region import DEFAULT, load
from tools.bench.network.registry import Device, QueueItem, RadioGateway, Registry, Stored
from tools.bench.world import forwarder
from tools.bench.world.board import VirtualBoard
from tools.bench.world.frames import RxPacket
from tools.bench.world.image import image
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import wiring
from tools.build import staged_files

BOARD = "pico_lora_sx1262"
RADIO_GATEWAY_ID = "0016c001ff10a235"
EPOCH_US = 1_448_038_800_000_000
"""The instant at which the simulation's clock is 0: 2015-11-20T17:00:00Z."""
JOIN_EUI = "70b3d57ed0000000"
APP_KEY = "2b7e151628aed2a6abf7158809cf4f3c"
BOARD_OPTIONS = ("parts", "sensors", "usb", "position_m", "power", "ppm")
"""What `add` hands to the board; the rest are settings of its /device.json."""


@dataclass
class Unit:
    """One board of the lab. events: its events from the network server, in order."""

    name: str
    dev_eui: str
    settings: dict[str, Any]
    board: VirtualBoard
    device: Device
    events: list[Event] = field(default_factory=list)

    def of(self, kind: str) -> list[Any]:
        """The messages of its events of one kind: up, join, ack, txack, log, status."""
        return [event.message for event in self.events if event.kind == kind]

    def readings(self, f_port: int) -> list[dict[str, Any]]:
        """The records of a port as they came, alone or in batches, repeated ones too."""
        ports = {f_port, f_port + FPORT}
        frames = [one for one in self.of("up") if one.f_port in ports]
        return [record for one in frames for record in readings(one.f_port, one.data)]

    def last(self, f_port: int) -> dict[str, Any]:
        """The record of a port with the highest number. Raises ValueError when none came."""
        return max(self.readings(f_port), key=lambda one: one["seq"])


class Lab:
    """`async with Lab() as lab:`, then `add` units and `run`. Times in microseconds of the lab.

    region: an id of `network.region`.  units: by name.  frames: every frame that a radio gateway
    received, in order.
    """

    def __init__(self, *, seed: int = 1, trace: Path | None = None, region: str = DEFAULT) -> None:
        self.region = load(region)
        self.simulation = Simulation(seed=seed, trace=trace, region=self.region.air())
        self.registry = Registry()
        self.core = Core(self.registry, random=Random(seed), region=self.region)  # noqa: S311 - a bench's identifiers
        self.units: dict[str, Unit] = {}
        self.frames: list[RxPacket] = []

    async def __aenter__(self) -> Self:
        await self.simulation.__aenter__()
        await self.simulation.add_radio_gateway(RADIO_GATEWAY_ID, (0, 0))
        self._register()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.simulation.__aexit__(*exc)

    def _register(self) -> None:
        """One tenant, application and radio gateway; a profile for each class."""
        known = self.registry
        tenant = api.Tenant(id="t", name="lab", can_have_gateways=True)
        known.tenants["t"] = Stored(tenant, 0, 0)
        known.applications["a"] = Stored(api.Application(id="a", name="lab", tenant_id="t"), 0, 0)
        known.radio_gateways[RADIO_GATEWAY_ID] = RadioGateway(
            api.Gateway(gateway_id=RADIO_GATEWAY_ID, name="lab", tenant_id="t"), 0, 0
        )
        for name, is_c in (("class-a", False), ("class-c", True)):
            known.profiles[name] = Stored(
                api.DeviceProfile(
                    id=name,
                    name=name,
                    tenant_id="t",
                    region=self.region.common,
                    mac_version=common.MacVersion.LORAWAN_1_0_4,
                    reg_params_revision=common.RegParamsRevision.RP002_1_0_3,
                    adr_algorithm_id=ALGORITHM,
                    supports_otaa=True,
                    supports_class_c=is_c,
                    class_c_timeout=10,
                ),
                0,
                0,
            )

    def unix_us(self) -> int:
        """The network server's clock."""
        return EPOCH_US + self.simulation.now_us

    async def add(
        self, profile: str, *, name: str = "", board: str = BOARD, files: bool = True, **more: Any
    ) -> Unit:
        """Registers a device and gives its board power.

        profile: one of wire.profiles. board: a file of boards/. files: False leaves the file
        system blank. more: settings of /device.json (also app_key, to give the board a wrong one),
        and options of the board:
        sensors, {role: entry}, also replaces SENSORS in its /board.py.
        """
        name = name or profile
        dev_eui = f"70b3d57ed0{len(self.units) + 1:06x}"
        identity = {"dev_eui": dev_eui, "join_eui": JOIN_EUI, "app_key": APP_KEY}
        identity |= {"profile": profile, "region": self.region.id, "start_jitter_s": 0}
        given = {key: more.pop(key) for key in BOARD_OPTIONS if key in more}
        settings = identity | more
        self.registry.add_device(
            api.Device(
                dev_eui=dev_eui,
                name=name,
                application_id="a",
                device_profile_id="class-c" if PROFILES[profile]["class"] == "C" else "class-a",
                join_eui=JOIN_EUI,
            ),
            self.unix_us(),
        )
        device = self.registry.device(dev_eui)
        device.keys = Stored(api.DeviceKeys(dev_eui=dev_eui, nwk_key=APP_KEY), 0, 0)
        content = staged_files(board) | {"/device.json": json.dumps(settings).encode()}
        content["/board.py"] += f"\nSENSORS.update({given.get('sensors', {})!r})\n".encode()
        size = wiring(board)["FLASH"]["fs_size"]
        made = await self.simulation.add_board(
            name, board=board, flash=image(content if files else {}, size), **given
        )
        self.units[name] = Unit(name, dev_eui, settings, made, device)
        return self.units[name]

    def command(self, unit: Unit, f_port: int, data: bytes, *, confirmed: bool = False) -> str:
        """Puts a frame into the network server's queue for a unit; returns the item's id."""
        item = QueueItem(self.core.uuid(), f_port, data, confirmed)
        unit.device.queue.append(item)
        self.core.enqueued(self.unix_us())
        return item.id

    async def run(
        self, seconds: float, until: Callable[[], bool] | None = None, *, step_s: float = 3600
    ) -> bool:
        """Runs for this long, or until the condition holds; returns whether it held.

        step_s: how often the condition is checked while no frame ends and the server is idle.
        """
        end = self.simulation.now_us + round(seconds * 1_000_000)
        step = round(step_s * 1_000_000)
        while not (until and until()):
            if self.simulation.now_us >= end:
                return until is None
            due, now = self.core.next_due_us, self.simulation.now_us
            horizon = min(end, now + step)
            if due is not None:
                horizon = min(horizon, max(due - EPOCH_US, now))
            for heard in await self.simulation.step(horizon, stop_on_received=True):
                self.frames.append(heard)
                self.core.uplink(forwarder.uplink_frame(heard), EPOCH_US + heard.time_us)
            for output in self.core.advance(self.unix_us()):
                await self._carry(output)
        return True

    async def ask(self, unit: Unit, command: str, within_s: float = 20) -> dict[str, Any]:
        """Runs `COMMAND --json` on a unit's console in virtual time; returns its JSON line.

        Raises TimeoutError with what the board printed.
        """
        await unit.board.read()
        name = command.split(maxsplit=1)[0].encode()
        answer = re.compile(rb'(\{[^\n]*"cmd": "%b"[^\n]*\})\r?\n' % name)
        said = bytearray()
        unit.board.on_serial(said.extend)
        await unit.board.write(f"{command} --json\r\n".encode())
        if not await self.run(within_s, lambda: bool(answer.search(said)), step_s=0.02):
            raise TimeoutError(f"{unit.name} did not answer {command!r}:\n{said.decode()}")
        found = answer.search(said)
        assert found
        return json.loads(found[1])

    async def _carry(self, output: Output) -> None:
        """Hands an event to its unit; sends a downlink and hands its acknowledgement back."""
        if isinstance(output, Event):
            for unit in self.units.values():
                if unit.dev_eui == output.dev_eui:
                    unit.events.append(output)
            return
        statuses: list[Any] = [gw.IGNORED for _ in output.items]
        for at, item in enumerate(output.items):
            downlink = forwarder.downlink(item, self.simulation.now_us)
            status = await self.simulation.transmit(output.gateway_id, downlink)
            statuses[at] = gw.TxAckStatus.Value(status)
            if status == "OK":
                break
        self.core.acknowledged(forwarder.tx_ack(output, statuses), self.unix_us())
