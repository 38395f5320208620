"""A node on an emulated ESP32: the official MicroPython binary, the same files, radio and air."""

import re

import pytest

from tools.bench.world.lab import Lab

pytestmark = pytest.mark.slow

BOARD = "t_beam"


@pytest.mark.parametrize("board", [BOARD, "t3_v16"])
async def test_a_node_joins_reports_and_answers_its_console(board):
    async with Lab(seed=1) as lab:
        unit = await lab.add("bin", board=board)

        assert await lab.run(120, lambda: len(unit.of("up")) >= 3, step_s=1)
        assert unit.of("join")
        assert {up.f_port for up in unit.of("up")} >= {10, 20}
        answer = await lab.ask(unit, "info")
        assert answer["ok"]
        assert not lab.simulation.violations
        assert not lab.simulation.refusals
        unknown = re.compile("is not there|no model of")
        notes = [note["text"] for note in unit.board.notices if note["event"] == "note"]
        assert not [text for text in notes if unknown.search(text)]


async def test_readings_and_counters_outlive_a_power_cut():
    async with Lab(seed=2) as lab:
        unit = await lab.add("bin", board=BOARD)
        assert await lab.run(120, lambda: len(unit.of("up")) >= 2, step_s=1)
        counted = max(up.f_cnt for up in unit.of("up"))

        await unit.board.power(False)
        await unit.board.power(True)
        seen = len(unit.of("up"))
        assert await lab.run(300, lambda: len(unit.of("up")) > seen, step_s=1)
        assert len(unit.of("join")) == 1, "the session was lost"
        assert min(up.f_cnt for up in unit.of("up")[seen:]) > counted


async def test_a_bench_world_holds_both_chips():
    async with Lab(seed=3) as lab:
        units = [await lab.add("bin"), await lab.add("counter", board=BOARD)]
        assert await lab.run(200, lambda: all(unit.of("up") for unit in units), step_s=1)
