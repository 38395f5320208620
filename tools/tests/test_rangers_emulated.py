"""Rangers and a thermometer on the emulated boards, on real MicroPython: what a bin reports."""

from __future__ import annotations

from typing import Any

import pytest

from tools.bench.world.lab import Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

JSN = {"chip": "jsn_sr04t", "uart": 0, "tx": 0, "rx": 1, "power": 8}
SERIAL = {"chip": "hrxl_wr", "uart": 0, "tx": 0, "rx": 1, "power": 8}
PULSES = {"chip": "hrxl_wr_pwm", "pin": 9, "power": 8}
THERMOMETER = {"chip": "ds18b20", "pin": 22, "power": 18}


async def fitted(lab: Lab, parts: dict[str, Any], **more: Any) -> Unit:
    """A bin with these sensors that reports each minute; its empty depth is 1200 mm."""
    board = more.pop("board", "pico_lora_sx1262")
    unit = await lab.add(
        "bin", board=board, report_s=60, sample_s=60, sensors=more, parts=parts
    )  # fmt: skip
    assert await lab.run(120, lambda: bool(unit.readings(10)), step_s=1)
    return unit


async def after(lab: Lab, unit: Unit, chip: str, **values: Any) -> dict[str, Any]:
    """The reading after this change around the chip."""
    await unit.board.set(chip, **values)
    await lab.run(70)
    return unit.last(10)


@pytest.mark.parametrize("entry", [JSN, SERIAL, PULSES], ids=lambda one: one["chip"])
async def test_a_ranger_measures_is_never_wrong_and_comes_back(
    lab: Lab, entry: dict[str, Any]
) -> None:
    chip = entry["chip"]
    unit = await fitted(lab, {chip: {"distance_mm": 700}}, distance=entry)
    assert abs(unit.last(10)["distance"] - 700) < 8
    assert unit.last(10)["valid"] >= 5

    in_rain = await after(lab, unit, chip, rain=0.2, echo_loss=0.1)
    assert abs(in_rain["distance"] - 700) < 12
    near = await after(lab, unit, chip, rain=0, echo_loss=0, distance_mm=100)
    assert (near["fill"], near["obstructed"]) == (95 if chip == "jsn_sr04t" else 90, 1)
    empty = await after(lab, unit, chip, distance_mm=None)
    assert (empty["fill"], empty["valid"], empty["suspect"]) == (None, 0, 1)
    for fault in ("absent", "brown"):
        lost = await after(lab, unit, chip, **{fault: True})
        assert (lost["distance"], lost["suspect"]) == (None, 1), fault
        back = await after(lab, unit, chip, **{fault: False, "distance_mm": 500})
        assert abs(back["distance"] - 500) < 8, fault
    said = unit.board.transcript.decode()
    assert said.count(f"distance sensor {chip} does not answer") == 2
    assert lab.simulation.refusals == []

    drawn = (await unit.board.ledger())["energy"][chip]
    assert drawn["off"]["seconds"] > 0.9 * sum(one["seconds"] for one in drawn.values())


@pytest.mark.parametrize("board", ["pico_lora_sx1262", "t_beam"])
async def test_a_thermometer_corrects_the_speed_of_sound_and_may_fail(
    lab: Lab, board: str
) -> None:
    ranger = JSN if board != "t_beam" else {"chip": "jsn_sr04t", "uart": 1, "tx": 13, "rx": 35}
    wire = THERMOMETER if board != "t_beam" else {"chip": "ds18b20", "pin": 2}
    cold = {"temperature_c": -20}
    parts = {"jsn_sr04t": {"distance_mm": 1000, "air_c": -20}, "ds18b20": cold}
    unit = await fitted(lab, parts, board=board, distance=ranger, temperature=wire)
    assert abs(unit.last(10)["distance"] - 1000) < 8, "1066 without it"
    if board == "t_beam":
        return

    gone = await after(lab, unit, "ds18b20", brown=True)
    assert abs(gone["distance"] - 1066) < 8
    assert "temperature sensor ds18b20 does not answer" in unit.board.transcript.decode()
    back = await after(lab, unit, "ds18b20", brown=False)
    assert abs(back["distance"] - 1000) < 8
    short = await after(lab, unit, "ds18b20", line_low=True)
    assert abs(short["distance"] - 1066) < 8
    assert lab.simulation.refusals == []
