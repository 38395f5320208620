"""From a frame on the (emulated) air to the verified webhook, and from the REST API to the frame.

Real: the service as a process, mosquitto, gRPC, SQLite, HTTP. Emulated: the network server is the
bench's, the device is its probe, and the air is the class below.
"""

import asyncio
import time

import pytest
from wire.codec import frame, pack
from wire.commands import unpack_command

from gateway.marks import PATIENCE_S
from tools.bench.network.probe import Probe
from tools.bench.world.forwarder import Forwarder
from tools.bench.world.frames import RxPacket

GATEWAY = "0016c001ff10a235"
LAMP = {
    "seq": 1, "age": 0, "level": 100, "why": 1, "lux": 3, "presence": 1, "passages": 4,
    "saturated": 0, "suspect": 0,
}  # fmt: skip

pytestmark = pytest.mark.slow


class Air:
    """What a Forwarder needs of a simulation: frames go in by `send`, downlinks come to `sent`."""

    def __init__(self):
        self.downlinks = asyncio.Queue()
        self.now_us = 0

    def on_received(self, listener, /):
        self.listener = listener

    def send(self, payload):
        self.now_us = time.monotonic_ns() // 1000
        self.listener(
            RxPacket(
                GATEWAY, self.now_us, 868_100_000, 7, 125_000, "4/5", -60, 9.5, 0, True, payload
            )
        )

    async def transmit(self, gateway_id, downlink):
        await self.downlinks.put(downlink.payload)
        return "OK"


@pytest.fixture
async def air(street):
    await street.network.add_radio_gateway(GATEWAY)
    made = Air()
    host, port = street.network.mqtt
    async with Forwarder(made, host, port, GATEWAY):
        yield made


async def joined(air, device):
    """A probe with the device's keys that went through OTAA on the air."""
    probe = Probe(device["dev_eui"], device["app_key"], device["join_eui"])
    air.send(probe.join_request())
    probe.accept(await asyncio.wait_for(air.downlinks.get(), 10))
    return probe


async def commanded(air, probe):
    """The next command the device gets, with its values; answers of the MAC are passed over."""
    async with asyncio.timeout(20):
        while True:
            got = probe.read(await air.downlinks.get())
            if got.f_port:
                return unpack_command(got.f_port, got.payload)


async def test_a_reading_to_the_backend_and_a_command_to_applied(street, air):
    await street.service.start()
    await street.subscribe()
    device = await street.service.cli("device", "add", "lamp 1", "--profile", "lamp")

    probe = await joined(air, device)
    event = await street.receiver.event("joined", within_s=10)
    assert event["data"] == {
        "dev_eui": device["dev_eui"], "device": "lamp 1", "dev_addr": probe.dev_addr
    }  # fmt: skip

    air.send(probe.uplink(11, frame([pack("lamp", LAMP)])))
    event = await street.receiver.event("reading", within_s=10, seq=1)
    level = next(one for one in event["data"]["values"] if one["property"] == "dimmingLevel")
    assert (level["value"], level["unit"], level["quality"]) == (1, "1", ["ok"])
    assert event["data"]["link"]["gateway"] == GATEWAY

    path = f"/v1/devices/{device['dev_eui']}/commands"
    body = {"name": "dim", "values": {"level": 40}, "expires_in_s": 60}
    asked = await street.service.request("POST", path, body)
    name, values = await commanded(air, probe)
    assert (name, values["level"]) == ("dim", 40)
    await street.receiver.event("command", within_s=10, id=asked["id"], state="sent")

    answer = pack(
        "applied",
        {"token": values["token"], "result": 0, "reason": 0, "config_version": 3, "level": 40},
    )
    air.send(probe.uplink(21, frame([answer]), ack=True))
    event = await street.receiver.event("command", within_s=10, id=asked["id"], state="applied")
    assert event["data"]["applied"]["level"] == 40

    latest = await street.service.request("GET", f"/v1/devices/{device['dev_eui']}/latest")
    assert {one["property"] for one in latest["values"]} >= {"dimmingLevel", "illuminance"}
    await asyncio.sleep(2 * PATIENCE_S)  # what nothing waits for is recorded later
    story = await street.service.cli("explain", event["id"])
    assert [one["state"] for one in story["deliveries"]] == ["delivered"]
    assert (street.receiver.refused, street.receiver.unordered) == ([], [])


async def test_the_command_line_works_beside_the_service(street, air):
    """What another process writes into the store, the running service sees."""
    await street.service.start()
    hook = await street.service.cli("webhook", "add", street.receiver.url)
    street.receiver.secret = hook["secret"]
    device = await street.service.cli("device", "add", "lamp 1", "--profile", "lamp")
    probe = await joined(air, device)
    air.send(probe.uplink(11, frame([pack("lamp", LAMP)])))
    await street.receiver.event("reading", within_s=10)

    asked = await street.service.cli("command", "send", device["dev_eui"], "dim", "level=5")
    name, values = await commanded(air, probe)

    assert (name, values["level"]) == ("dim", 5)
    await street.receiver.event("command", within_s=10, id=asked["id"], state="sent")
    shown = await street.service.cli("command", "show", asked["id"])
    assert [step["what"] for step in shown["history"]][:1] == ["desired"]
    [check] = [
        one for one in (await street.service.cli("check"))["results"] if one["what"] == "http"
    ]
    assert check["said"].startswith("the service answers")


async def test_a_device_deleted_at_the_network_server_becomes_a_fact(street):
    device = await street.service.cli("device", "add", "lamp 1", "--profile", "lamp")
    del street.network.core.registry.devices[device["dev_eui"]]
    hook = await street.service.cli("webhook", "add", street.receiver.url)
    street.receiver.secret = hook["secret"]

    await street.service.start()

    event = await street.receiver.event("trouble", within_s=10, dev_eui=device["dev_eui"])
    shown = await street.service.cli("device", "show", device["dev_eui"])
    assert event["data"]["code"] == "DELETED_AT_NETWORK_SERVER"
    assert [one["reason"] for one in shown["troubles"]] == [event["data"]["reason"]]


async def test_check_finds_nothing_wrong(street):
    result = await street.service.cli("check")

    assert result["ok"], result
    assert [one["what"] for one in result["results"]][:3] == ["configuration", "store", "http"]
    assert all(one["ok"] for one in result["results"])


async def test_a_device_is_registered_and_removed_on_both_sides(street):
    keys = {"--dev-eui": "70B3D57ED005A001", "--app-key": "00" * 15 + "AB"}
    given = [part for pair in keys.items() for part in pair]
    made = await street.service.cli(
        "device", "add", "bin 1", "--profile", "bin", "--report-s", "60", *given
    )
    known = street.network.core.registry.devices

    assert list(known) == ["70b3d57ed005a001"]
    assert made["device_json"] == {
        "name": "bin 1", "dev_eui": "70b3d57ed005a001", "join_eui": "0" * 16,
        "app_key": "00" * 15 + "ab", "profile": "bin", "region": "eu868", "report_s": 60,
    }  # fmt: skip
    assert b"00" * 15 + b"ab" not in (street.service.folder / "lamplighter.db").read_bytes()
    await street.service.cli("device", "remove", "70B3D57ED005A001")
    assert list(known) == []
