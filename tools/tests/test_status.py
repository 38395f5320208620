"""A status from the node's own code to the words of the gateway."""

import asyncio
from typing import Any

from tests import virtual_time
from tests.test_node_app import made, run

from gateway.devices import Status
from gateway.devices.lamplighter import decode
from gateway.model import Device
from gateway.notices import Uplink

DEVICE = Device("00000000000000a1", "counter", "counter", "00")


def test_what_a_node_tells_of_itself_arrives_in_words():
    node: Any = made("counter", sample_s=600, report_s=600)

    async def story() -> list[bytes]:
        await asyncio.sleep(650)
        node.store.wear = 1234
        node.exception = "OSError: 5"
        node.profile.told = {"motion": 1}  # as if it had been absent until now
        node.profile._told_s = -3600
        await asyncio.sleep(650)
        return [data for port, data, _ in node.link.frames if port == 23]

    (data,) = run(node, story, virtual_time.run)
    sent = {"dev_eui": DEVICE.dev_eui, "id": "1", "at_ms": 1, "dev_addr": "01", "fcnt": 1}
    (found,) = decode(DEVICE, Uplink(fport=23, data=data, **sent))

    assert isinstance(found, Status)
    values: dict[str, Any] = {one.property: one.value for one in found.values}
    assert values["lastException"] == "OSError: 5"
    assert values["firmwareVersion"] == "0.1.0"
    assert values["flashErases"] >= 12
    assert (values["sickSensors"], found.sick) == ("", "")
