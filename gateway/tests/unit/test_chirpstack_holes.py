"""A hole in FCnt is filled from ChirpStack's last events. A stand-in server has them."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from chirpstack_api import api

from gateway.networks.chirpstack import events
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.holes import WIDEST, Holes
from gateway.networks.chirpstack.settings import Settings
from gateway.networks.chirpstack.stored import about
from gateway.notices import Transmitted, Trouble
from gateway.tests.contract.servers.chirpstack import UP, uplink_body

TOPIC = UP["topic"]


def uplink(fcnt, **changed) -> Any:
    body = json.dumps(json.loads(uplink_body(fcnt)) | changed)
    return events.parse(TOPIC, body.encode(), "lamplighter")


class Stored(api.InternalServiceServicer):
    """The events that a device has there: joined, then uplinks with these counters."""

    counters = ()
    others: Sequence[tuple[str, Any]] = ()
    asked = 0

    async def StreamDeviceEvents(self, request, context):  # noqa: N802 - gRPC names it
        self.asked += 1
        yield api.LogItem(id="0", description="join", body="{}")
        for fcnt in self.counters:
            yield api.LogItem(
                id=str(fcnt), description="up", body=uplink_body(fcnt),
                properties={"FCnt": str(fcnt)},
            )  # fmt: skip
        for kind, body in self.others:
            yield api.LogItem(id=kind, description=kind, body=json.dumps(body))
        await asyncio.sleep(60)


@pytest.fixture
async def side():
    server, stored, given = grpc.aio.server(), Stored(), []
    api.add_InternalServiceServicer_to_server(stored, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with Calls(Settings(grpc=f"http://127.0.0.1:{port}", api_key="key")) as calls:
        holes = Holes(calls, given.extend, settle_s=0.05, idle_s=0.2)
        async with holes:
            yield holes, stored, given
    await server.stop(None)


def parsed(one) -> Any:
    return events.parse(one.topic, one.body, "lamplighter")


def counters(given):
    return [parsed(one).fcnt for one in given]


async def until(said):
    for _ in range(500):
        if said():
            return
        await asyncio.sleep(0.02)
    raise AssertionError


async def test_frames_that_did_not_come_are_given_once(side):
    holes, stored, given = side
    stored.counters = (3, 4, 5, 6, 7)
    for fcnt in (4, 7):
        holes.saw(uplink(fcnt), TOPIC)

    await until(lambda: given)

    assert counters(given) == [5, 6]
    for one in given:
        holes.saw(parsed(one), TOPIC)
        one.acknowledge()
    await until(lambda: not holes._missing)
    assert stored.asked == 1


async def test_what_merely_was_overtaken_is_not_asked_for(side):
    holes, stored, _ = side
    for fcnt in (4, 7, 5, 6):
        holes.saw(uplink(fcnt), TOPIC)

    await until(lambda: not holes._missing)

    assert stored.asked == 0


async def test_of_a_long_hole_only_its_end_is_asked_for(side):
    holes, stored, given = side
    stored.counters = range(100, 1000)
    for fcnt in (4, 500):
        holes.saw(uplink(fcnt), TOPIC)

    await until(lambda: given)

    assert counters(given) == list(range(500 - WIDEST, 500))


@pytest.mark.parametrize("changed", [{"devAddr": "01020304"}, {}])
async def test_a_new_session_and_the_first_frame_have_no_hole(side, changed):
    holes, stored, _ = side
    if changed:
        holes.saw(uplink(2), TOPIC)
    holes.saw(uplink(7, **changed), TOPIC)

    await asyncio.sleep(0.2)

    assert (stored.asked, holes._missing) == (0, {})


async def test_a_server_that_does_not_answer_stops_nothing(side):
    holes, stored, given = side
    for fcnt in (1, 3):
        holes.saw(uplink(fcnt), TOPIC)
    await until(lambda: not holes._missing)
    assert given == []

    stored.counters = (4,)
    holes.saw(uplink(5), TOPIC)

    await until(lambda: given)
    assert counters(given) == [4]


async def test_the_notices_of_a_queue_item_are_read_back(side):
    holes, stored, _ = side
    stored.others = (
        ("txack", {"queueItemId": "item-1", "downlinkId": 7}),
        ("txack", {"queueItemId": "item-2", "downlinkId": 8}),
        ("log", {"code": "EXPIRED", "context": {"queue_item_id": "item-1"}}),
        ("status", {"queueItemId": "item-1"}),
        ("ack", []),
    )

    found = await about(holes._calls, "70b3d57ed00000a1", "item-1", idle_s=0.2)

    notices = [parsed(one) for one in found]
    assert [type(one) for one in notices] == [Transmitted, Trouble]
    assert {(one.dev_eui, one.queue_item_id) for one in notices} == {
        ("70b3d57ed00000a1", "item-1")
    }
    assert notices[1].dropped
