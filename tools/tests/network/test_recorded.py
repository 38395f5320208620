"""The recording of a real ChirpStack, played to the bench server in virtual time.

Same frames, same calls, same acknowledgements at the same times; then every answer, every event
and every byte of every downlink is compared. Left out: multicast.
"""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from chirpstack_api import api, gw
from google.protobuf import descriptor_pool, json_format, message_factory

from tools.bench.network import command
from tools.bench.network.api.application import Applications
from tools.bench.network.api.call import Backend
from tools.bench.network.api.device import Devices
from tools.bench.network.api.device_profile import DeviceProfiles
from tools.bench.network.api.gateway import Gateways
from tools.bench.network.api.internal import Internal
from tools.bench.network.api.tenant import Tenants
from tools.bench.network.auth import Access, sign
from tools.bench.network.core import Core
from tools.bench.network.durations import Durations
from tools.bench.network.history import History
from tools.bench.network.registry import Registry, Stored

RECORDED = Path(__file__).parents[1] / "data" / "chirpstack" / "recorded.jsonl"
TENANT = "52f14cd4-c6f1-4fbd-8f87-4025e1d49242"
BIN_PROFILE = "e1b88a4f-5fe6-4e6d-b69e-3227c6b589dd"
BEAT_S = 1.0037  # the real scheduler's, as measured: one second and its own work
BEAT_AT_S = 45.502  # when it sent its first class-C downlink
TIMES = {"created_at", "updated_at", "last_seen_at"}
SPECIAL = {"API key makes an API key": "Internal.CreateApiKey"}


class Drawn(Random):
    """The DevAddrs that ChirpStack drew, in order; everything else from a seed."""

    def __init__(self):
        super().__init__(7)
        self.dev_addrs = [0x0195B869, 0x00AC2F69]

    def getrandbits(self, k):
        return self.dev_addrs.pop(0) if k == 25 else super().getrandbits(k)


class AbortedError(Exception):
    """What `context.abort` does to an RPC."""


class Context:
    def __init__(self, token):
        self.metadata = () if token is None else (("authorization", token),)

    def invocation_metadata(self):
        return self.metadata

    async def abort(self, code, details):
        raise AbortedError(code.name, details)


@dataclass
class Said:
    """What one side said: answers by call, downlinks and events in order."""

    answers: list = field(default_factory=list)
    downlinks: list = field(default_factory=list)
    events: list = field(default_factory=list)


class Player:
    """Plays the recording to a bench server; `theirs` and `ours` can then be compared."""

    def __init__(self):
        beat_us = round(BEAT_S * 1e6)
        start_us = 1_795_428_657_880_000
        self.start_us = start_us - (start_us + round(BEAT_AT_S * 1e6)) % beat_us
        self.now_us = self.start_us
        self.core = Core(Registry(), Durations(scheduler_interval_s=BEAT_S), Drawn())
        self.access, self.history = Access(), History()
        self.theirs, self.ours = Said(), Said()
        self.ids = {TENANT: TENANT}
        self.downlink_ids = {}
        self._furnish()

    def _furnish(self):
        registry, now = self.core.registry, self.now_us
        tenant = api.Tenant(id=TENANT, name="ChirpStack", can_have_gateways=True)
        registry.tenants[TENANT] = Stored(tenant, now, now)
        profile = api.DeviceProfile(
            id=BIN_PROFILE, tenant_id=TENANT, name="bin", supports_otaa=True,
            device_status_req_interval=86_400,
        )  # fmt: skip
        registry.profiles[BIN_PROFILE] = Stored(profile, now, now)
        backend = Backend(self.core, self.access, lambda: None, lambda: self.now_us)
        self.services = {
            "Tenant": Tenants(backend),
            "Application": Applications(backend), "DeviceProfile": DeviceProfiles(backend),
            "Gateway": Gateways(backend), "Device": Devices(backend),
            "Internal": Internal(backend, self.history),
        }  # fmt: skip
        self.tokens = {
            "admin": "Bearer " + self.access.add_key(api.ApiKey(is_admin=True)),
            "tenant": "Bearer " + self.access.add_key(api.ApiKey(tenant_id=TENANT)),
            "forged": "Bearer " + sign(b"another", {"aud": "chirpstack", "sub": "x"}),
        }

    async def play(self):
        for line in RECORDED.read_text().splitlines():
            record = json.loads(line)
            if record["step"].startswith(("multicast", "stream")):
                continue
            self.advance(self.start_us + round(record["t_s"] * 1e6))
            handle = getattr(self, f"play_{record['kind']}")
            await handle(SimpleNamespace(**record))

    def advance(self, to_us):
        self.now_us = to_us
        for output in self.core.advance(to_us):
            if isinstance(output, gw.DownlinkFrame):
                self.ours.downlinks.append(output)
            else:
                self.history.add(output, to_us)
                self.ours.events.append((output.kind, json.loads(output.json())))

    async def play_grpc(self, record):
        theirs = record.response if record.code == "OK" else record.details
        code, answer = await self.call(record)
        if code == "OK" and "id" in answer:
            self.ids[theirs["id"]] = answer["id"]
        self.theirs.answers.append((record.call, (record.code, self.normalised(theirs))))
        self.ours.answers.append((record.call, (code, self.normalised(answer))))

    async def call(self, record):
        name = SPECIAL.get(record.call) or record.call.removeprefix("tenant key: ").split(" ")[0]
        service, method = name.split(".") if "." in name else ("Device", name)
        message = json_format.ParseDict(self.ours_of(record.request), type_of(service, method)())
        try:
            answer = await getattr(self.services[service], method)(message, self.context(record))
        except AbortedError as aborted:
            return aborted.args
        return "OK", json_format.MessageToDict(answer, preserving_proto_field_name=True)

    def context(self, record):
        if record.call.startswith("tenant key: "):
            return Context(self.tokens["tenant"])
        return Context({
            "Device.Get none": None, "Device.Get not bearer": "Basic abc",
            "Device.Get bad jwt": "Bearer x.y.z", "Device.Get bad sig": self.tokens["forged"],
        }.get(record.call, self.tokens["admin"]))  # fmt: skip

    async def play_gateway(self, record):
        data = bytes.fromhex(record.protobuf_hex)
        kind = record.topic.split("/", 3)[-1]
        if kind == "command/down":
            frame = gw.DownlinkFrame.FromString(data)
            self.downlink_ids[frame.downlink_id] = len(self.theirs.downlinks)
            self.theirs.downlinks.append(frame)
        elif kind == "event/ack":
            ack = gw.DownlinkTxAck.FromString(data)
            ack.downlink_id = self.ours.downlinks[self.downlink_ids[ack.downlink_id]].downlink_id
            self.core.acknowledged(ack, self.now_us)
        elif kind == "event/up":
            self.core.uplink(gw.UplinkFrame.FromString(data), self.now_us)
        else:
            self.core.statistics(gw.GatewayStats.FromString(data), self.now_us)

    async def play_event(self, record):
        self.theirs.events.append((record.topic.split("/")[-1], self.normalised(record.json)))

    async def play_command(self, record: Any):
        text = record.json if isinstance(record.json, str) else json.dumps(record.json)
        try:
            command.take(self.core, self.translated(record.topic), text.encode())
            self.core.enqueued(self.now_us)
        except command.CommandError:
            assert record.step == "mqtt command/down, wrong"

    def ours_of(self, value: Any) -> Any:
        """The same request with our identifiers in the place of theirs."""
        if isinstance(value, dict):
            return {k: self.ours_of(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.ours_of(v) for v in value]
        return self.translated(value) if isinstance(value, str) else value

    def translated(self, text):
        for theirs, ours in self.ids.items():
            text = text.replace(theirs, ours)
        return text

    def normalised(self, value: Any) -> Any:
        """A recorded value in our identifiers, without times of the database."""
        if isinstance(value, dict):
            return {k: "a time" if k in TIMES else self.normalised(v) for k, v in value.items()}
        return (
            [self.normalised(v) for v in value] if isinstance(value, list) else self.ours_of(value)
        )


def type_of(service, method):
    """The request type of an RPC, from the service's descriptor."""
    found = descriptor_pool.Default().FindServiceByName(f"api.{service}Service")
    return message_factory.GetMessageClass(found.methods_by_name[method].input_type)


@pytest.fixture(scope="module")
def player():
    played = Player()
    asyncio.run(played.play())
    return played


def test_every_call_is_answered_alike(player):
    assert len(player.theirs.answers) > 60

    assert player.ours.answers == player.theirs.answers


def test_every_downlink_has_the_same_bytes_and_windows(player):
    def said(frames):
        return [[(i.phy_payload.hex(), plain_info(i.tx_info)) for i in f.items] for f in frames]

    assert len(player.theirs.downlinks) > 20
    assert said(player.ours.downlinks) == said(player.theirs.downlinks)


def plain_info(info):
    return json_format.MessageToDict(info)


def comparable(events):
    """Events by kind, without what no two runs share."""
    by_kind = {}
    for kind, body in events:
        by_kind.setdefault(kind, []).append(same(body))
    return by_kind


def same(value, key=""):
    if isinstance(value, dict):
        return {k: same(v, k) for k, v in value.items()}
    if key == "rxInfo":
        return sorted((same(v) for v in value), key=lambda rx: rx["uplinkId"])
    if key in {"deduplicationId", "deduplication_id"}:
        return "an id" if value else ""
    if key in {"time", "nsTime"}:
        datetime.fromisoformat(value[:26])
        return value[-6:]
    return "a downlink" if key == "downlinkId" else value


def test_every_event_has_the_same_fields_and_values(player):
    ours, theirs = comparable(player.ours.events), comparable(player.theirs.events)

    assert set(theirs) == {"join", "up", "txack", "ack", "log", "status"}
    for kind in theirs:
        assert ours[kind] == theirs[kind], kind


def test_an_uplink_bears_the_time_of_its_gateway(player):
    def times(events):
        return [body["time"] for kind, body in events if kind in {"join", "up", "status"}]

    late = [
        (a, b) for a, b in zip(times(player.ours.events), times(player.theirs.events), strict=True)
        if a != b
    ]  # fmt: skip
    # One: the frame of two copies, whose order in a set is chance.
    assert len(late) == 1
    assert late[0][0][:21] == late[0][1][:21]


def test_the_stream_replays_the_last_events_with_the_same_properties(player):
    lines = map(json.loads, RECORDED.read_text().splitlines())
    theirs = [(r["description"], r["properties"]) for r in lines if r["kind"] == "stream"]

    stored = asyncio.run(first_of_stream(player, 10))

    assert [(item.description, dict(item.properties)) for item in stored] == theirs[-10:]


async def first_of_stream(player, count):
    follow = player.history.follow("8f423af53d6f9bcc")
    return [await asyncio.wait_for(anext(follow), 1) for _ in range(count)]
