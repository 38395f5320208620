"""A lamp measures more often than it reports: each passage is in one reading, and in one only."""

import asyncio

from tests import virtual_time
from tests.test_node_app import made, run, settled
from tests.test_node_watchdog import Lit

# isort: split
from wire import decoding

ONLY = "cpython"  # where time can be virtual

_LAMP = 11


def test_passages_between_two_readings_are_counted_whatever_was_measured_meanwhile():
    node = made("lamp", board=Lit(), report_s=960, sample_s=60, boost_s=3600)

    async def story():
        await settled(node)
        for step in range(8):  # the first is reported at once
            node.profile.lamp.moved()
            await node.measure()  # by a person at the console
            await asyncio.sleep(90 + step)
        await asyncio.sleep(1200)

    run(node, story, virtual_time.run)

    frames = [payload for fport, payload, _ in node.link.frames if fport == _LAMP]
    readings = [one for payload in frames for one in decoding.unpack(_LAMP, payload)[1]]
    counts = {one["seq"]: one["passages"] for one in readings}  # some are sent again
    assert sum(counts.values()) == 8
