"""A node in a parking bay on its emulated board, with the models of an RM3100 and a ranger."""

import pytest

from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

FIELD = {"field": {"chip": "rm3100", "i2c": 0, "sda": 4, "scl": 5, "addr": 0x20}}
EARTH = {"x_nt": 20000, "y_nt": -4000, "z_nt": -43000}
PARTS = {"rm3100": EARTH, "a02yyuw": {"distance_mm": 2500}}
CAR = {"x_nt": 24000, "y_nt": -11000, "z_nt": -34000}


async def test_a_car_is_reported_and_stays_over_a_power_cut_and_a_dead_sensor_is_unknown(lab: Lab):
    unit = await lab.add("parking", sensors=FIELD, parts=PARTS, usb=False, sample_s=120)

    async def told(occupied: int | None) -> bool:
        def last() -> bool:
            return bool(unit.readings(13)) and unit.last(13)["occupied"] == occupied

        return await lab.run(600, last, step_s=10)

    await lab.run(30)
    await unit.board.usb(True)
    assert abs((await lab.ask(unit, "calib empty", 60))["x"] - EARTH["x_nt"]) < 100
    await unit.board.usb(False)
    assert await told(0)
    await unit.board.set("rm3100", **CAR)
    await lab.run(60)
    assert await told(0)  # ranging sees the sky: no car
    await unit.board.set("a02yyuw", distance_mm=300)
    assert await told(1)

    await unit.board.power(False)
    await lab.run(10)
    await unit.board.power(True)
    assert await told(None)
    assert await told(1)

    await unit.board.set("rm3100", absent=True)
    assert await told(None)
    assert (await unit.board.ledger())["resets"]["watchdog"] == 0
