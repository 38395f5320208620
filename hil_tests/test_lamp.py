"""A lamp keeps the street lit: at power-up, without network, and when a person passes.

Virtual time: board, air and the bench network server, no gateway and no wall clock.
"""

from typing import Any

import pytest

from hil_tests.nodes import only_virtual
from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WRONG_KEY = "00112233445566778899aabbccddeeff"
NIGHT: dict[str, Any] = {
    "on_lux": 20,
    "off_lux": 50,
    "night_level": 30,
    "boost_level": 100,
    "boost_s": 20,
}


@pytest.fixture(autouse=True)
def on_virtual_boards(virtual):
    only_virtual(virtual, "its pin is measured and a person passes in front of the sensor's model")


async def test_a_lamp_is_lit_within_two_seconds_of_power():
    async with Lab() as lab:
        unit = await lab.add("lamp", power=False)
        await unit.board.power(True)
        start = lab.simulation.now_us
        while await unit.board.duty("lamp") < 0.99:
            await lab.run(0.02)
            assert lab.simulation.now_us - start <= 2_000_000


async def test_a_lamp_without_network_and_light_sensor_is_lit():
    async with Lab() as lab:
        unit = await lab.add("lamp", parts={"bh1750": {"absent": True}}, app_key=WRONG_KEY)
        await lab.run(600)

        assert await unit.board.duty("lamp") == pytest.approx(1.0, abs=0.01)


async def test_somebody_lights_the_lamp_at_once_and_is_reported():
    async with Lab() as lab:
        unit = await lab.add("lamp", parts={"bh1750": {"lux": 1}}, report_s=3600, **NIGHT)
        await lab.run(120)
        assert await unit.board.duty("lamp") == pytest.approx(0.3, abs=0.01)
        known = len(unit.of("up"))

        await unit.board.set("am312", motion=True)
        await lab.run(3)

        assert await unit.board.duty("lamp") == pytest.approx(1.0, abs=0.01)
        assert [up.f_port for up in unit.of("up")[known:]] == [11]
        await lab.run(NIGHT["boost_s"] + 15)
        assert await unit.board.duty("lamp") == pytest.approx(0.3, abs=0.01)
