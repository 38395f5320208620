"""Light sensors on the emulated boards, on real MicroPython: what a lamp reports of them."""

from __future__ import annotations

from typing import Any

import pytest

from tools.bench.world.lab import Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

WIRES = {
    "pico_lora_sx1262": {"i2c": 0, "sda": 4, "scl": 5, "power": 9},
    "t_beam": {"i2c": 0, "sda": 21, "scl": 22},
}
SILENT = "light sensor %s does not answer; check its supply and its pins: "


async def lamp(lab: Lab, chip: str, board: str = "pico_lora_sx1262", **values: Any) -> Unit:
    """A lamp that reports each minute what this chip measures."""
    unit = await lab.add(
        "lamp", board=board, report_s=60, sample_s=30, parts={chip: values},
        sensors={"light": {"chip": chip, **WIRES[board]}},
    )  # fmt: skip
    assert await lab.run(90, lambda: bool(unit.readings(11)), step_s=1)
    return unit


async def reported(lab: Lab, unit: Unit, chip: str, **values: Any) -> dict[str, Any]:
    """The reading after this change around the chip."""
    await unit.board.set(chip, **values)
    await lab.run(130)
    return unit.last(11)


async def test_a_veml7700_ranges_from_dusk_to_the_sun(lab: Lab) -> None:
    unit = await lamp(lab, "veml7700", lux=300)
    assert abs(unit.last(11)["lux"] - 300) <= 6
    await lab.run(100)  # the lamp is off by day, before the light changes

    assert abs((await reported(lab, unit, "veml7700", lux=30))["lux"] - 30) <= 1
    sun = await reported(lab, unit, "veml7700", lux=90000)
    assert abs(sun["lux"] - 90000) < 3000
    assert (sun["saturated"], sun["suspect"]) == (0, 0)

    drawn = (await unit.board.ledger())["energy"]["veml7700"]
    assert 0 < drawn["on"]["seconds"] < drawn["off"]["seconds"] / 20
    assert lab.simulation.refusals == []


@pytest.mark.parametrize("chip", ["veml7700", "opt3001"])
async def test_a_light_sensor_that_fails_is_told_and_comes_back_by_itself(
    lab: Lab, chip: str
) -> None:
    unit = await lamp(lab, chip, lux=300)
    for fault in ({"absent": True}, {"brown": True}):
        lost = await reported(lab, unit, chip, **fault)
        assert (lost["lux"], lost["suspect"]) == (None, 1), fault
        back = await reported(lab, unit, chip, **dict.fromkeys(fault, False))
        assert abs(back["lux"] - 300) <= 6, fault
    hung = await reported(lab, unit, chip, sda_held=9, lux=200)
    assert abs(hung["lux"] - 200) <= 4
    assert unit.board.transcript.decode().count(SILENT % chip) == 3


async def test_an_opt3001_measures_and_says_when_it_is_too_bright(lab: Lab) -> None:
    unit = await lamp(lab, "opt3001", lux=300)
    assert abs(unit.last(11)["lux"] - 300) <= 6
    bright = await reported(lab, unit, "opt3001", lux=100000)
    assert (bright["lux"], bright["saturated"]) == (83865, 1)


async def test_an_opt3001_measures_on_an_esp32(lab: Lab) -> None:
    unit = await lamp(lab, "opt3001", "t_beam", lux=300)
    assert abs(unit.last(11)["lux"] - 300) <= 6
