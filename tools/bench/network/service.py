"""The bench server on the wall clock: gRPC, and MQTT for events and radio gateways."""

import asyncio
import contextlib
import logging
import os
import random
import re
import socket
import time
from typing import Any, Self, TypeVar, cast

import grpc
from chirpstack_api import api, gw
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from tools.bench.network import command
from tools.bench.network.api.application import Applications
from tools.bench.network.api.call import Backend
from tools.bench.network.api.device import Devices
from tools.bench.network.api.device_profile import DeviceProfiles
from tools.bench.network.api.gateway import Gateways
from tools.bench.network.api.internal import Internal
from tools.bench.network.api.known import OnlyKnown
from tools.bench.network.api.tenant import Tenants
from tools.bench.network.auth import Access
from tools.bench.network.broker import BrokerLink
from tools.bench.network.core import Core
from tools.bench.network.durations import Durations
from tools.bench.network.events import Event, encoded
from tools.bench.network.history import History
from tools.bench.network.outbox import Output
from tools.bench.network.region import DEFAULT, load
from tools.bench.network.registry import RadioGateway, Registry, Stored
from tools.bench.network.setup import Key

log = logging.getLogger("bench.network")

Radio = TypeVar("Radio", bound=Message)

TENANT = "ChirpStack"
"""The tenant that a fresh ChirpStack has."""


class PortTakenError(OSError):
    """The gRPC address cannot be listened on; the operator gives another one."""


class NetworkServer:
    """One server. `async with NetworkServer(mqtt=("127.0.0.1", 1883)) as server:`.

    mqtt: host and port of a broker that is there already.  grpc: address to listen on, port 0
    takes a free one.  qos: of events; ChirpStack's own default is 0, an operator who wants to lose
    nothing sets 1.  json_events: False writes and reads protobuf on the application's topics, as
    with `integration.mqtt.json=false`; each radio gateway chooses for itself.  adr: send
    LinkADRReq to devices that set the ADR bit, as ChirpStack does by default.  wanted: what else
    is set by MAC commands, as `setup.requests` has it.  seed: repeats
    identifiers and DevAddrs.  region: an id of `network.region`, which is also the topic prefix
    unless `region_prefix` is given.
    Gives grpc_address, mqtt, admin_key, tenant_id, and `core` for tests.
    Raises BrokerAbsentError, PortTakenError.
    """

    def __init__(
        self,
        *,
        mqtt: tuple[str, int],
        grpc_host: str = "127.0.0.1",
        grpc_port: int = 0,
        region: str = DEFAULT,
        region_prefix: str | None = None,
        settings: Durations | None = None,
        qos: int = 1,
        json_events: bool = True,
        adr: bool = True,
        wanted: dict[Key, bytes] | None = None,
        seed: int | None = None,
        keep_while_away: bool = True,
    ) -> None:
        self.qos = qos
        self.json_events = json_events
        self._json_gateways: dict[str, bool] = {}
        chance = random.Random(seed)  # noqa: S311 - a bench
        self.core = Core(Registry(), settings, chance, adr=adr, region=load(region), wanted=wanted)
        self.access = Access()
        self.history = History()
        self.mqtt = mqtt
        self._keep = keep_while_away
        prefix = region if region_prefix is None else region_prefix
        self._prefix = f"{prefix}/" if prefix else ""
        self._gateway_topic = re.compile(
            rf"{re.escape(self._prefix)}gateway/([^/]+)/event/([^/]+)"
        )
        self._grpc = (grpc_host, grpc_port)
        self._wake = asyncio.Event()
        now = _now_us()
        tenant = api.Tenant(id=self.core.uuid(), name=TENANT, can_have_gateways=True)
        self.core.registry.tenants[tenant.id] = Stored(tenant, now, now)
        self.tenant_id = tenant.id
        self.admin_key = self.access.add_key(api.ApiKey(name="bench", is_admin=True))
        self.grpc_address = ""

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._close()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._link.connected

    async def away(self, gone: bool) -> None:
        """Leave gRPC and MQTT, or come back on the same addresses; the registry is kept."""
        await (self._close() if gone else self._open())

    async def add_radio_gateway(self, gateway_id: str) -> None:
        """Register a radio gateway, as an operator would."""
        now = _now_us()
        message = api.Gateway(
            gateway_id=gateway_id, name=gateway_id, tenant_id=self.tenant_id, stats_interval=30
        )
        self.core.registry.radio_gateways[gateway_id] = RadioGateway(message, now, now)

    async def _open(self) -> None:
        topics = [f"{self._prefix}gateway/+/event/+", "application/+/device/+/command/down"]
        self._server = grpc.aio.server(
            interceptors=[OnlyKnown()], options=[("grpc.so_reuseport", 0)]
        )
        self._add_services(self._server)
        self._link = BrokerLink(*self.mqtt, topics, self._receive, keep_while_away=self._keep)
        await self._link.connect()
        try:
            self._listen()
        except PortTakenError:
            await self._link.close()
            raise
        await self._server.start()
        self._task = asyncio.create_task(self._run())

    async def _close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._server.stop(0)
        await self._link.close()

    def _listen(self) -> None:
        host, port = self._grpc
        try:
            socket.create_server((host, port)).close()  # gRPC's own failure is a page of its log
            bound = self._server.add_insecure_port(f"{host}:{port}")
        except (OSError, RuntimeError) as error:
            number = getattr(error, "errno", None)
            why = os.strerror(number) if number and number > 0 else str(error)
            raise PortTakenError(
                f"cannot listen on {host}:{port} ({why}): give another address with --grpc"
            ) from None
        self._grpc = (host, bound)
        self.grpc_address = f"{host}:{bound}"

    def _add_services(self, server: grpc.aio.Server) -> None:
        backend = Backend(self.core, self.access, self._wake.set)
        register = cast("Any", api)  # what adds a servicer has no types
        register.add_TenantServiceServicer_to_server(Tenants(backend), server)
        register.add_ApplicationServiceServicer_to_server(Applications(backend), server)
        register.add_DeviceProfileServiceServicer_to_server(DeviceProfiles(backend), server)
        register.add_DeviceServiceServicer_to_server(Devices(backend), server)
        register.add_GatewayServiceServicer_to_server(Gateways(backend), server)
        register.add_InternalServiceServicer_to_server(Internal(backend, self.history), server)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            for output in self.core.advance(_now_us()):
                self._say(output)
            due = self.core.next_due_us
            wait_s = None if due is None else max(0.0, (due - _now_us()) / 1e6)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)

    def _say(self, output: Output) -> None:
        if isinstance(output, gw.DownlinkFrame):
            topic = f"{self._prefix}gateway/{output.gateway_id}/command/down"
            as_json = self._json_gateways.get(output.gateway_id, False)
            self._link.publish(topic, encoded(output, as_json=as_json), 0)
            return
        self.history.add(output, _now_us())
        jitter_s = self.core.durations.event_jitter_s
        if jitter_s:
            delay_s = self.core.random.uniform(0, jitter_s)
            asyncio.get_running_loop().call_later(delay_s, self._publish, output)
        else:
            self._publish(output)

    def _publish(self, event: Event) -> None:
        payload = encoded(event.message, as_json=self.json_events)
        self._link.publish(event.topic, payload, self.qos)

    def _receive(self, topic: str, payload: bytes) -> None:
        gateway = self._gateway_topic.fullmatch(topic)
        now = _now_us()
        try:
            if gateway:
                self._gateway_event(gateway[1], gateway[2], payload, now)
            else:
                command.take(self.core, topic, payload, as_json=self.json_events)
                self.core.enqueued(now)
        except (command.CommandError, DecodeError, json_format.ParseError) as error:
            log.warning("%s ignored: %s", topic, error)
        self._wake.set()

    def _gateway_event(self, gateway_id: str, kind: str, payload: bytes, now_us: int) -> None:
        """Take a radio gateway's event; downlinks to it are JSON from now on if this one is."""
        self._json_gateways[gateway_id] = b"gatewayId" in payload
        if kind == "up":
            self.core.uplink(self._radio(payload, gw.UplinkFrame()), now_us)
        elif kind == "ack":
            self.core.acknowledged(self._radio(payload, gw.DownlinkTxAck()), now_us)
        elif kind == "stats":
            self.core.statistics(self._radio(payload, gw.GatewayStats()), now_us)
        else:
            log.debug("event %s of radio gateway %s ignored", kind, gateway_id)

    @staticmethod
    def _radio(payload: bytes, message: Radio) -> Radio:
        if b"gatewayId" in payload:
            return json_format.Parse(payload, message, ignore_unknown_fields=True)
        message.ParseFromString(payload)
        return message


def _now_us() -> int:
    return time.time_ns() // 1000
