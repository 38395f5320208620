"""Sensors by role on the emulated board: other chips, and nodes upgraded from firmware 0.1.0."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from wire.enums import ENUMS

from tools.bench.world.image import image
from tools.bench.world.lab import BOARD, Lab, Unit
from tools.build import staged_files
from tools.setup.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

OLD_BOARD = ROOT / "firmware" / "tests" / "data" / "board_0_1_0.py"
OLD_COUNTER = Path(__file__).parent / "data" / "firmware_0_1_0_counter.json"
OLD_RECORD = 32
"""Bytes of a reading on flash as firmware 0.1.0 wrote it: head 14, payload 14, CRC-32."""
OLD_HEADS = 20
"""Bytes before the readings of its tail: the store's head 8, the journal's 12."""


def readings(unit: Unit, f_port: int) -> list[dict[str, Any]]:
    """The readings that arrived, alone or in batches, by number."""
    found: dict[Any, dict[str, Any]] = {one["seq"]: one for one in unit.readings(f_port)}
    return [found[seq] for seq in sorted(found)]


def written(files: dict[str, bytes]) -> dict[int, int]:
    """{number: total} of the readings in an old counter's files: what must arrive."""
    tails = [data for name, data in files.items() if name.startswith("/state/tail")]
    newest = max(tails, key=lambda tail: int.from_bytes(tail[:4], "little"))
    raw = files["/state/journal/00001"] + newest[OLD_HEADS:]
    records = [raw[at : at + OLD_RECORD] for at in range(0, len(raw), OLD_RECORD)]
    return {one[0] | one[1] << 8: int.from_bytes(one[18:22]) for one in records}


def said(unit: Unit) -> str:
    return unit.board.transcript.decode(errors="replace")


async def upgrade(lab: Lab, unit: Unit, files: dict[str, bytes]) -> None:
    """Gives a board today's firmware beside these files, and power."""
    await unit.board.power(False)
    await unit.board.set_flash(image(staged_files(BOARD) | files))
    await unit.board.power(True)


async def test_a_light_sensor_at_its_other_address_is_found_by_its_role(lab: Lab) -> None:
    entry = {"chip": "bh1750", "i2c": 1, "sda": 26, "scl": 27, "addr": 0x5C}
    unit = await lab.add("lamp", sensors={"light": entry}, parts={"bh1750": {"lux": 300}})

    assert await lab.run(60, lambda: bool(readings(unit, 11)), step_s=1)

    assert readings(unit, 11)[0]["lux"] == 300


async def test_a_sensor_that_does_not_answer_is_named_in_a_status(lab: Lab) -> None:
    unit = await lab.add("bin", sample_s=60, parts={"a02yyuw": {"absent": True}})

    assert await lab.run(90, lambda: bool(unit.readings(23)), step_s=1), said(unit)

    status = unit.readings(23)[0]
    told = ENUMS["sensor1"][status["sensor1"]], ENUMS["sick1"][status["sick1"]]
    assert (told, status["sensor2"]) == (("distance", "absent"), None)
    assert status["heap_free"] > 40_000


async def test_an_upgraded_node_goes_on_with_its_old_board_file(lab: Lab) -> None:
    unswitched = {"distance": {"chip": "a02yyuw", "uart": 0, "tx": 0, "rx": 1}}
    unit = await lab.add("bin", sensors=unswitched, parts={"a02yyuw": {"distance_mm": 700}})
    settings = json.dumps(unit.settings).encode()
    files = {"/board.py": OLD_BOARD.read_bytes(), "/device.json": settings}
    await upgrade(lab, unit, files)

    assert await lab.run(60, lambda: bool(readings(unit, 10)), step_s=1)

    assert abs(readings(unit, 10)[0]["distance"] - 700) < 5
    assert said(unit).count("/board.py has SENSORS by chip, read as ") == 1


async def test_an_upgraded_counter_goes_on_from_its_total_and_loses_no_reading(lab: Lab) -> None:
    old = json.loads(OLD_COUNTER.read_text())
    files = {
        name: base64.b64decode(data)
        for name, data in old["files"].items()
        if not name.startswith(("/state/session", "/state/frames"))  # this network never met it
    }
    unit = await lab.add("counter", report_s=60, parts={"am312": {"warm": True}})
    await upgrade(lab, unit, files | {"/board.py": OLD_BOARD.read_bytes()})

    assert await lab.run(600, lambda: len(readings(unit, 12)) > old["waiting"], step_s=1)

    found = readings(unit, 12)
    wanted = written(files)
    assert list(wanted) == list(range(old["first_seq"], old["next_seq"]))
    assert wanted[old["next_seq"] - 1] == old["total"] > 0
    assert {one["seq"]: one["total"] for one in found[: old["waiting"]]} == wanted
    assert {one["boots"] for one in found[: old["waiting"]]} == {old["info"]["boots"]}
    assert found[-1]["total"] == old["total"]
    await unit.board.set("am312", motion=True)
    await lab.run(70)
    await unit.board.power(False)
    await unit.board.power(True)
    await lab.run(120)
    assert readings(unit, 12)[-1]["total"] == old["total"] + 1


async def test_a_surface_in_the_blind_zone_is_a_full_bin(lab: Lab) -> None:
    unit = await lab.add("bin", report_s=60, sample_s=60, parts={"a02yyuw": {"distance_mm": 20}})
    assert await lab.run(300, lambda: len(readings(unit, 10)) >= 4, step_s=1)

    assert {one["fill"] for one in readings(unit, 10)} == {100}
    assert {one["obstructed"] for one in readings(unit, 10)} == {1}


async def test_a_bus_whose_sda_hangs_is_cleared_at_the_start_and_while_it_runs(lab: Lab) -> None:
    parts = {"bh1750": {"lux": 300, "sda_held": 5}}
    unit = await lab.add("lamp", report_s=60, sample_s=30, parts=parts)
    assert await lab.run(60, lambda: bool(readings(unit, 11)), step_s=1)
    assert readings(unit, 11)[0]["lux"] == 300

    await unit.board.set("bh1750", lux=200, sda_held=9)
    await lab.run(150)

    assert readings(unit, 11)[-1]["lux"] == 200
    assert said(unit).count("light sensor bh1750 does not answer") == 1


async def test_a_rangers_power_is_on_only_while_it_is_read(lab: Lab) -> None:
    unit = await lab.add("bin", usb=False, parts={"a02yyuw": {"distance_mm": 700}})
    await lab.run(120)
    before = (await unit.board.ledger())["energy"]["a02yyuw"]
    await lab.run(3600)
    after = (await unit.board.ledger())["energy"]["a02yyuw"]

    drawn_by = sum(one["microampere_hours"] for one in after.values())
    drawn_by -= sum(one["microampere_hours"] for one in before.values())
    assert 10 < drawn_by < 60, "uAh in an hour; always on: 8000"
    assert all(abs(one["distance"] - 700) < 5 for one in readings(unit, 10))
    assert all(one["valid"] == 7 for one in readings(unit, 10))


TOF = {"distance": {"chip": "vl53l1x", "i2c": 0, "sda": 4, "scl": 5}}


async def test_a_bin_measures_with_a_time_of_flight_sensor(lab: Lab) -> None:
    parts = {"vl53l1x": {"distance_mm": 700}}
    unit = await lab.add("bin", sensors=TOF, report_s=60, sample_s=60, parts=parts)
    assert await lab.run(60, lambda: bool(readings(unit, 10)), step_s=1)
    first = readings(unit, 10)[0]
    assert abs(first["distance"] - 700) < 5
    assert (first["fill"], first["valid"], first["suspect"]) == (50, 7, 0)

    await unit.board.set("vl53l1x", distance_mm=300)
    await lab.run(130)
    assert readings(unit, 10)[-1]["fill"] == 90
    await unit.board.set("vl53l1x", distance_mm=None)
    await lab.run(130)
    nothing = readings(unit, 10)[-1]
    assert (nothing["fill"], nothing["valid"], nothing["suspect"]) == (None, 0, 1)
    assert "does not answer" not in said(unit)

    ranging = (await unit.board.ledger())["energy"]["vl53l1x"]["ranging"]["seconds"]
    assert 0.8 < ranging / len(readings(unit, 10)) < 1.2


async def test_a_time_of_flight_sensor_that_is_absent_has_its_sentence_and_may_come_back(
    lab: Lab,
) -> None:
    parts = {"vl53l1x": {"absent": True}}
    unit = await lab.add("bin", sensors=TOF, report_s=60, sample_s=60, parts=parts)
    assert await lab.run(60, lambda: bool(readings(unit, 10)), step_s=1)
    told = (
        "distance sensor vl53l1x does not answer; check its supply and its pins: sda GP4, scl GP5"
    )
    assert told in said(unit)
    assert (readings(unit, 10)[0]["fill"], readings(unit, 10)[0]["suspect"]) == (None, 1)

    await unit.board.set("vl53l1x", absent=False)
    await lab.run(130)

    assert (readings(unit, 10)[-1]["fill"], readings(unit, 10)[-1]["valid"]) == (0, 7)
