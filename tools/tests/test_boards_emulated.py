"""Each board that the page of boards calls emulated: a node on it joins and reports."""

import pytest
from wire.schema import PAYLOADS

from tools import generate_boards
from tools.bench.world.lab import Lab
from tools.bench.world.wiring import radio, wiring
from tools.build import BOARDS, board

EMULATED = [
    path.stem
    for path in sorted(BOARDS.glob("*.py"))
    if generate_boards.tried(board(path.stem)) == generate_boards.EMULATED
]

CELL_MV = 4100
"""Of the bench, where a test sets none."""
ADC_MV = 40
"""A payload's steps have 20 mV; the bench's ADC has neither noise nor an error of its own."""


@pytest.mark.slow
@pytest.mark.parametrize("name", EMULATED)
async def test_a_node_on_it_joins_and_reports(name):
    async with Lab(seed=1) as lab:
        unit = await lab.add("bin", board=name)

        assert await lab.run(120, lambda: len(unit.of("up")) >= 2, step_s=1)
        assert (lab.simulation.refusals, lab.simulation.violations) == ([], [])
        assert (await unit.board.drain(radio(wiring(name))))["notes"] == {}
        measured_mv = unit.last(PAYLOADS["bin"][0])["battery"]
        if board(name)["BATTERY"]:
            assert abs(measured_mv - CELL_MV) <= ADC_MV
        else:
            assert measured_mv is None


def test_the_page_names_each_board_and_claims_no_measurement():
    files = {path: board(path.stem) for path in sorted(BOARDS.glob("*.py"))}

    rows = {
        line.split("`")[1]: line
        for line in generate_boards.page(files).splitlines()
        if line.startswith("| [")
    }

    assert sorted(rows) == sorted(path.stem for path in files)
    assert {"pico_lora_sx1262", "t_beam", "t3_v16", "feather_rp2040_rfm95"} <= set(EMULATED)
    assert "| calculated |" in rows["heltec_v3"]
    assert "| emulated |" in rows["t3_v16"]
    assert not any("measured" in row for row in rows.values())


def test_what_no_model_has_is_calculated():
    pico = board("pico_lora_sx1262")
    assert generate_boards.tried(pico | {"MCU": "ESP32S3"}) == generate_boards.CALCULATED
    assert generate_boards.tried(pico | {"RADIO": "modem"}) == generate_boards.CALCULATED
