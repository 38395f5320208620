"""The node on an emulated board, in virtual time, with the bench's network server."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from wire import codec, decoding
from wire.schema import COMMANDS

from gateway.lighting import encoded, source
from tools.bench.world.image import files, image
from tools.bench.world.lab import BOARD, Lab, Unit
from tools.build import staged_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

WINDOW_ERROR_NS = 500_000
PROGRAMME = """
name = "night"
zone = "Europe/Paris"
[control_programmes]
default = { "12:00" = 35, "13:00" = 35 }
"""


def said(unit: Unit) -> str:
    return unit.board.transcript.decode(errors="replace")


def records(unit: Unit, f_port: int) -> list[dict[str, Any]]:
    """The records of a port in the order they came, alone or in batches, repeated ones once."""
    found: dict[str, dict[str, Any]] = {}
    for record in unit.readings(f_port):
        found.setdefault(str(record.get("seq", len(found))), record)
    return list(found.values())


def command(lab: Lab, unit: Unit, name: str, **values: Any) -> None:
    values.setdefault("expires", None)
    lab.command(unit, COMMANDS[name][0], codec.pack(name, values))


def answers(unit: Unit) -> list[dict[str, Any]]:
    found = {}
    for message in unit.of("up"):
        if message.f_port == 21:
            for record in decoding.unpack(21, message.data)[1]:
                found[record["token"]] = record
    return list(found.values())


async def window_errors_ns(unit: Unit) -> list[float]:
    """RX-on minus the planned instant of every class A window so far, signed."""
    windows = (await unit.board.drain("sx1262"))["windows"]
    errors = []
    for one in windows:
        if one["tx_end_ns"] is not None and not one["continuous"]:
            late = one["rx_on_ns"] - one["tx_end_ns"]
            errors.append(late - round(late / 1e9) * 1e9)
    return errors


async def test_a_bin_joins_reports_and_takes_a_new_interval(lab: Lab) -> None:
    unit = await lab.add("bin", report_s=600, sample_s=60, parts={"a02yyuw": {"distance_mm": 700}})
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)
    command(lab, unit, "interval", token=7, report_s=60, sample_s=None)

    assert await lab.run(700, lambda: bool(answers(unit)), step_s=1)
    await lab.run(190)

    start = records(unit, 20)[0]
    assert (start["cause"], start["profile"], start["next_seq"]) == (4, 1, 0)
    assert [one["seq"] for one in records(unit, 10)][:4] == [0, 1, 2, 3]
    assert all(abs(one["distance"] - 700) < 5 for one in records(unit, 10))
    assert answers(unit)[0]["report_s"] == 60
    assert json.loads(files(await unit.board.flash())["/device.json"])["report_s"] == 60
    errors = await window_errors_ns(unit)
    assert len(errors) > 6
    assert max(map(abs, errors)) < WINDOW_ERROR_NS


async def test_a_lamp_is_lit_before_it_thinks_and_dims_when_told(lab: Lab) -> None:
    unit = await lab.add("lamp", report_s=600, parts={"bh1750": {"lux": 5}})
    await lab.run(0.2)
    assert await unit.board.duty() == 1.0
    assert await lab.run(60, lambda: len(records(unit, 11)) > 1, step_s=1)
    await lab.run(60)  # nothing is sent for a while: only class C can hear
    command(lab, unit, "dim", token=9, level=40, ramp=1, hold=1)

    assert await lab.run(9, lambda: bool(answers(unit)), step_s=1)

    assert answers(unit)[0]["level"] == 40
    assert abs(await unit.board.duty() - 0.4) < 0.001
    await lab.run(65)
    assert await unit.board.duty() == 1.0


async def test_a_long_ramp_is_applied_at_its_end_and_reported(lab: Lab) -> None:
    unit = await lab.add("lamp", report_s=3600, parts={"bh1750": {"lux": 5}})
    assert await lab.run(60, lambda: len(records(unit, 11)) > 1, step_s=1)
    command(lab, unit, "dim", token=9, level=10, ramp=60, hold=30)
    await lab.run(40)
    assert answers(unit) == []
    assert 0.1 < await unit.board.duty() < 0.9

    assert await lab.run(60, lambda: bool(answers(unit)), step_s=1)

    assert abs(await unit.board.duty() - 0.1) < 0.001
    assert answers(unit)[0]["level"] == 10
    await lab.run(45)
    assert records(unit, 11)[-1]["level"] == 10


async def test_somebody_who_comes_lights_the_lamp_and_is_counted(lab: Lab) -> None:
    unit = await lab.add(
        "lamp", report_s=60, night_level=20, boost_s=10, parts={"bh1750": {"lux": 2}}
    )
    assert await lab.run(40, lambda: bool(records(unit, 11)), step_s=1)
    await lab.run(60)  # the sensor warms up for 30 s
    assert abs(await unit.board.duty() - 0.2) < 0.001
    await unit.board.set("am312", motion=True)
    await lab.run(4)
    assert await unit.board.duty() == 1.0
    await unit.board.set("am312", motion=False)
    await lab.run(120)

    assert abs(await unit.board.duty() - 0.2) < 0.001
    assert sum(one["passages"] for one in records(unit, 11)) >= 1


async def test_a_sleeper_on_its_cell_sleeps_and_still_measures(lab: Lab) -> None:
    unit = await lab.add("bin", report_s=600, usb=False, parts={"a02yyuw": {"distance_mm": 900}})
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)
    await lab.run(30)
    before = await unit.board.ledger()
    await lab.run(1800)
    after = await unit.board.ledger()

    readings = records(unit, 10)
    assert len(readings) == 4
    assert all(abs(one["distance"] - 900) < 5 for one in readings)
    asleep = (after["sleep_us"] - before["sleep_us"]) / 1_800_000_000
    assert asleep > 0.99
    assert max(map(abs, await window_errors_ns(unit))) < WINDOW_ERROR_NS


async def test_readings_wait_while_nobody_hears_and_all_arrive_later(lab: Lab) -> None:
    unit = await lab.add("bin", report_s=60, sample_s=60)
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)
    await lab.simulation.set_air(loss=1.0)
    await lab.run(1800)
    await lab.simulation.set_air(loss=0.0)

    await lab.run(2400)

    seqs = sorted(one["seq"] for one in records(unit, 10))
    assert seqs == list(range(len(seqs)))
    assert len(seqs) > 60


async def test_a_host_that_stops_reading_costs_no_window_and_no_reading(lab: Lab) -> None:
    unit = await lab.add("bin", report_s=60, sample_s=60)
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)
    await unit.board.stop_reading()
    await unit.board.write(b"help\r\ninfo\r\nconfig\r\nlog 24\r\n" * 4)
    await unit.board.drain("sx1262")
    await lab.run(600)

    assert max(map(abs, await window_errors_ns(unit))) < WINDOW_ERROR_NS
    assert [one["seq"] for one in records(unit, 10)] == list(range(len(records(unit, 10))))
    assert len(records(unit, 10)) >= 10
    await unit.board.stop_reading(False)
    await lab.run(10)
    assert "lines lost, the host did not read the port" in said(unit)


async def test_garbage_on_the_console_disturbs_nothing(lab: Lab) -> None:
    unit = await lab.add("bin", report_s=60, sample_s=60)
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)
    await unit.board.write(bytes(n for n in range(256) if n not in (3, 10, 13)) * 8 + b"\r\n")
    await lab.run(1)

    info = await lab.ask(unit, "info")

    assert info["joined"] is True
    assert info["heap"]["largest"] > 16_384
    assert (await lab.ask(unit, "measure"))["values"]["valid"] == 7
    assert (await lab.ask(unit, "link 1"))["answered"] == 1
    await lab.run(130)
    assert len(records(unit, 10)) >= 2


@pytest.mark.parametrize("board", ["pico_lora_sx1262", "t_beam"])
async def test_the_prompt_is_left_in_peace_and_a_reset_starts_the_node(
    lab: Lab, board: str
) -> None:
    unit = await lab.add("bin", board=board)
    await lab.run(3)
    await unit.board.write(b"\x03\x03")
    await lab.run(20)
    assert "this is MicroPython's prompt" in said(unit)
    for step in (b"\x01", b"\x04", b"\x02"):  # a soft reset, as mpremote makes one
        await unit.board.write(step)
        await lab.run(10)
    assert unit.board.boots == 1
    await unit.board.write(b"print(6*7)\r\n")
    await lab.run(1)
    assert "42" in said(unit).rsplit("print(6*7)", 1)[1]

    await unit.board.write(b"import machine; machine.reset()\r\n")
    await lab.run(5)

    assert unit.board.boots == 2
    assert "started by soft, start 2" in said(unit)


async def test_keys_counters_and_settings_survive_a_power_cut(lab: Lab) -> None:
    unit = await lab.add("bin", report_s=60, sample_s=60)
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)
    joins = len(unit.of("join"))
    await unit.board.power(False)
    await lab.run(5)
    await unit.board.power(True)

    await lab.run(130)

    assert len(unit.of("join")) == joins
    counters = [message.f_cnt for message in unit.of("up")]
    assert counters == sorted(set(counters))
    assert records(unit, 20)[0]["cause"] == 4
    assert "started by power, start 2" in said(unit)
    seqs = [one["seq"] for one in records(unit, 10)]
    assert seqs == list(range(len(seqs)))


async def test_an_absent_sensor_is_told_with_its_pins_and_the_node_goes_on(lab: Lab) -> None:
    unit = await lab.add("bin", parts={"a02yyuw": {"absent": True}})
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)

    told = (
        "distance sensor a02yyuw does not answer; check its supply and its pins: "
        "tx GP0, rx GP1, power GP8"
    )
    assert told in said(unit)
    assert records(unit, 10)[0] == records(unit, 10)[0] | {"fill": None, "suspect": 1, "valid": 0}
    answer = await lab.ask(unit, "measure")
    assert (answer["ok"], answer["error"]) == (False, "distance sensor a02yyuw does not answer")


async def test_a_stuck_sensor_is_told_and_its_readings_are_suspect(lab: Lab) -> None:
    parts = {"a02yyuw": {"distance_mm": 700}}
    unit = await lab.add("bin", usb=False, report_s=7200, sample_s=7200, parts=parts)
    assert await lab.run(60, lambda: bool(records(unit, 10)), step_s=1)
    await unit.board.set("a02yyuw", stuck=True)

    await lab.run(2.9 * 86400)
    assert not any(one["suspect"] for one in records(unit, 10))
    await lab.run(0.4 * 86400)

    assert records(unit, 10)[-1]["suspect"]
    await unit.board.usb(True)
    await lab.run(2)
    await lab.ask(unit, "log")
    assert re.search(r"it says (69|70)\d again and again; clean it, or replace it", said(unit))


async def test_a_missing_light_sensor_leaves_the_lamp_on(lab: Lab) -> None:
    unit = await lab.add("lamp", parts={"bh1750": {"absent": True}})
    assert await lab.run(60, lambda: bool(records(unit, 11)), step_s=1)

    assert records(unit, 11)[0]["lux"] is None
    assert await unit.board.duty() == 1.0


async def test_a_node_without_settings_takes_them_from_the_console(lab: Lab) -> None:
    unit = await lab.add("bin", files=False)
    content = dict(staged_files(BOARD))
    await unit.board.power(False)
    await unit.board.set_flash(image(content))
    await unit.board.power(True)
    await lab.run(3)
    for name, value in unit.settings.items():
        assert (await lab.ask(unit, f"config {name} {value}"))["ok"], name

    assert await lab.run(90, lambda: bool(records(unit, 10)), step_s=1)


async def test_a_lamp_follows_the_programme_that_the_operator_wrote(lab: Lab) -> None:
    written = source.read(PROGRAMME)
    data = encoded.encode(written, 258)
    unit = await lab.add("lamp", report_s=3600, parts={"bh1750": {"lux": 5}})
    assert await lab.run(60, lambda: len(records(unit, 11)) > 1, step_s=1)
    for count, part in enumerate(encoded.parts(data, 258), 1):
        command(lab, unit, "programme", token=count, **part)

        assert await lab.run(20, lambda count=count: len(answers(unit)) == count, step_s=1)

    assert (answers(unit)[-1]["count"], answers(unit)[-1]["version"]) == (0, 258)
    await lab.run(30)
    assert abs(await unit.board.duty() - 0.35) < 0.005
