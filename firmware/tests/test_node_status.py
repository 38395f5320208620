"""The status: an hour after the start, each day, and when a sensor becomes sick or well."""

import asyncio

from tests import virtual_time
from tests.fake_port import Port
from tests.test_node_app import Output, made, run

# isort: split
from node import app, profiles
from node.app import Node
from node.ports import SOFT
from node.profiles import ABSENT, STUCK
from wire import decoding
from wire.enums import ENUMS

ONLY = "cpython"  # where time can be virtual

HOUR_S = 3600


def statuses(node):
    frames = [data for port, data, _ in node.link.frames if port == 23]
    return [decoding.unpack(23, data)[1][0] for data in frames]


def sick(values):
    """{role: how} of a status."""
    return {
        ENUMS["sensor1"][values["sensor%d" % number]]: ENUMS["sick1"][values["sick%d" % number]]
        for number in (1, 2, 3)
        if values["sensor%d" % number] is not None
    }


def test_a_status_comes_an_hour_after_the_start_and_then_each_day():
    node = made(sample_s=600, report_s=600)

    async def story():
        await asyncio.sleep(HOUR_S - 10)
        assert statuses(node) == []
        await asyncio.sleep(700)
        assert len(statuses(node)) == 1
        await asyncio.sleep(23 * HOUR_S)
        assert len(statuses(node)) == 1
        await asyncio.sleep(HOUR_S + 600)

    run(node, story, virtual_time.run)
    first, second = statuses(node)
    assert (first["minor"], first["boots"], first["cause"]) == (1, 1, 0)
    assert sick(first) == {}
    assert first["text1"] is None
    assert second["erases"] > first["erases"]  # hundreds of blobs were saved
    assert node.outbox.empty()


def test_a_sensor_that_does_not_answer_is_told_at_once_and_when_it_is_back():
    node = made(sample_s=600, report_s=600)

    async def story():
        await asyncio.sleep(650)
        driver = node.sensors["motion"]

        class Mute:
            moved = driver.moved

            async def read(self, _clock):
                return None

            def sleep(self):
                pass

        node.silence = lambda role: (role, "am312", "pin GP7")
        node.profile.fields = lambda _sensed: profile_fields
        profile_fields = dict(node.last)
        node.sensors["motion"] = Mute()
        await asyncio.sleep(650)
        assert [sick(one) for one in statuses(node)] == [{"motion": "absent"}]
        node.sensors["motion"] = driver
        await asyncio.sleep(650)
        assert len(statuses(node)) == 1, "not twice an hour"
        await asyncio.sleep(HOUR_S)

    run(node, story, virtual_time.run)
    assert [sick(one) for one in statuses(node)] == [{"motion": "absent"}, {}]


def test_the_last_exception_is_in_every_status_after_it():
    node = made(sample_s=600, report_s=600)
    app._keep(node, OSError(5))
    port = Port()
    port.cause = SOFT
    node = Node(node.board, port, node.config.path.rsplit("/", 1)[0], Output())

    async def story():
        await asyncio.sleep(HOUR_S + 700)

    run(node, story, virtual_time.run)
    (found,) = statuses(node)
    said = b"".join((found["text%d" % one] or 0).to_bytes(6, "big") for one in (1, 2, 3))
    assert said.replace(b"\0", b"") == b"OSError: 5"


def test_a_sensor_is_sick_in_several_ways_and_anew_at_each_measurement():
    node = made("bin")
    node.config.import_file()
    profile = profiles.Profile(node)

    profile.ails("distance", ABSENT)
    profile.ails("distance", STUCK)

    assert profile.sick == {"distance": ABSENT | STUCK}
