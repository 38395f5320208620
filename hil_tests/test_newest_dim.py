"""Ten dims within a second: the lamp's pin gets the newest, the superseded ones stay away."""

import asyncio
import time

import pytest

from hil_tests.nodes import only_virtual
from tools.bench.main_job.street import Street

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SETTINGS = {"ramp_s": 0, "report_s": 300, "sample_s": 60}
LEVELS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 35)
WITHIN_S = 6.0
"""ChirpStack sends a class C device one frame in 5 s at most: the first, then the newest."""
QUIET_S = 10.0
"""After so long without an uplink ADR's requests are answered.

A class C frame at SF12 lasts 1.5 s, and one that crosses an uplink is lost until the 30 s of its
acknowledgement are over: that is the air's, and not what is asked here.
"""


@pytest.fixture
def on_virtual_boards(virtual):
    only_virtual(virtual, "the pin is measured")


async def silent(street: Street, seconds: float) -> None:
    """Until no radio gateway has received anything for so long."""
    heard = asyncio.Event()
    street.simulation.on_received(lambda _: heard.set())
    while True:
        heard.clear()
        try:
            await asyncio.wait_for(heard.wait(), seconds)
        except TimeoutError:
            return


async def test_the_newest_dim_does_not_wait_for_superseded_ones(on_virtual_boards, tmp_path):
    street = Street(tmp_path, names=("lamp",), settings=SETTINGS, recorded=False)
    async with street, street.simulation.paced():
        await street.power_up()
        lamp = street.nodes["lamp"]
        await street.receiver.event("reading", 60)
        await silent(street, QUIET_S)

        path = f"/v1/devices/{lamp.dev_eui}/commands"
        for level in LEVELS:
            await street.service.request("POST", path, {"name": "dim", "values": {"level": level}})
            await asyncio.sleep(0.1)
        asked = time.monotonic()
        while abs(await lamp.board.duty("lamp") - LEVELS[-1] / 100) > 0.01:
            await asyncio.sleep(0.05)
            assert time.monotonic() - asked < 30
        took_s = time.monotonic() - asked
        print(f"newest dim at the pin after {took_s:.1f} s")
        await street.receiver.event("command", 40, state="applied", values={"level": LEVELS[-1]})

        assert took_s <= WITHIN_S
        assert await lamp.board.duty("lamp") == pytest.approx(LEVELS[-1] / 100, abs=0.01)
        shown = (await street.service.request("GET", "/v1/commands?limit=20"))["commands"]
        states = [one["state"] for one in shown if one["name"] == "dim"]
        assert states.count("applied") <= 2
        assert states[0] == "applied"
