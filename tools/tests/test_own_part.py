"""The example of sim/README.md, and the sentences for a part's file that is wrong."""

import runpy
from pathlib import Path

import pytest

from tools.bench.world.errors import BoardError, SimulationError
from tools.bench.world.simulation import Simulation
from tools.setup.paths import SIM

EXAMPLE = SIM / "example" / "thermometer.py"
ENTRY = {"chip": "mine", "i2c": 0, "sda": 4, "scl": 5}


@pytest.mark.parametrize("product", ["pico_lora_sx1262", "t_beam"])
async def test_the_example_runs_on_both_chips(product: str, capsys: pytest.CaptureFixture[str]):
    await runpy.run_path(str(EXAMPLE))["main"](product)

    assert capsys.readouterr().out == "it is 20.0\nin the cold: -3.5\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("export class Mine {}", r"mine\.mjs exports no class with a static BUS"),
        (
            "export class Mine { static BUS = 'i2c'; set() {} reset() {} }",
            r"mine\.mjs: Mine lacks off, ledger",
        ),
    ],
)
async def test_a_part_that_is_none_is_a_sentence(tmp_path: Path, text: str, sentence: str):
    (tmp_path / "mine.mjs").write_text(text)
    async with Simulation(own_parts=tmp_path) as world:
        with pytest.raises(SimulationError, match=sentence):
            await world.add_board("mine", sensors={"light": ENTRY}, power=False)


async def test_a_part_that_is_nowhere_is_a_sentence(tmp_path: Path):
    async with Simulation(own_parts=tmp_path) as world:
        with pytest.raises(BoardError, match=rf"no model of mine: add mine\.mjs to {tmp_path}"):
            await world.add_board("mine", sensors={"light": ENTRY}, power=False)


async def test_an_own_part_comes_before_the_one_of_the_bench(tmp_path: Path):
    text = (EXAMPLE.parent / "tmp102.mjs").read_text()
    (tmp_path / "bh1750.mjs").write_text(text)
    async with Simulation(own_parts=tmp_path) as world:
        board = await world.add_board("mine", power=False)
        assert (await board.ledger())["parts"]["bh1750"] == {"celsius": 20}
