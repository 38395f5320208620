"""A sleeping bin with tilt sensor and thermometer on the emulated RP2040: emptied, fallen."""

from __future__ import annotations

from typing import Any

import pytest
from wire.enums import ENUMS

from tools.bench.world.lab import Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SENSORS = {
    "tilt": {"chip": "lis3dh", "i2c": 0, "sda": 4, "scl": 5, "pin_b": 9},
    "temperature": {"chip": "ds18b20", "pin": 22, "power": 18},
}
PARTS = {"a02yyuw": {"distance_mm": 700}, "lis3dh": {"tilt_deg": 2}, "ds18b20": {}}


def told(unit: Unit, **wanted: str) -> list[dict[str, Any]]:
    """The readings that have these words."""
    return [
        one
        for one in unit.readings(10)
        if all(ENUMS[field][one[field] or 0] == word for field, word in wanted.items())
    ]


async def test_a_sleeping_bin_tells_at_once_that_it_was_emptied_fell_or_burns(lab: Lab) -> None:
    unit = await lab.add("bin", usb=False, sensors=SENSORS, parts=PARTS, shape=71)
    assert await lab.run(120, lambda: bool(unit.readings(10)), step_s=1)
    first = unit.last(10)
    assert (first["fill"], first["tilted"], first["tilt"], first["event"]) == (42, 0, 0, 0)
    assert abs(first["temperature"] - 20) <= 1
    await lab.run(60)

    await unit.board.set("lis3dh", tilt_deg=130)
    await lab.run(12)
    await unit.board.set("lis3dh", tilt_deg=3)
    await unit.board.set("a02yyuw", distance_mm=1150)
    begun = lab.simulation.now_us
    assert await lab.run(40, lambda: bool(told(unit, event="emptied")), step_s=1)
    assert lab.simulation.now_us - begun < 20_000_000, "and not at the next sample"
    assert (unit.last(10)["fill"], unit.last(10)["suspect"]) == (3, 0)

    await unit.board.set("lis3dh", tilt_deg=88)
    assert await lab.run(90, lambda: bool(told(unit, alarm="dropped")), step_s=1)
    assert (unit.last(10)["fill"], unit.last(10)["tilted"]) == (3, 1)
    await unit.board.set("lis3dh", tilt_deg=2)
    await lab.run(30)

    await unit.board.set("ds18b20", temperature_c=80)
    assert await lab.run(640, lambda: bool(told(unit, alarm="fire")), step_s=1)
    before = len(unit.of("up"))
    assert await lab.run(45, lambda: len(told(unit, alarm="fire")) >= 3, step_s=1)
    assert len(unit.of("up")) >= before + 2, "each in a frame of its own"
