"""A lamp on an emulated ESP32: it joins, reports and dims over the same air, radio and server."""

import pytest
from wire import codec, decoding
from wire.schema import COMMANDS

from tools.bench.world.lab import Lab, Unit

pytestmark = pytest.mark.slow

BOARD = "t_beam"
READING, ANSWER = 11, 21


def records(unit: Unit, f_port: int) -> list[dict[str, int | None]]:
    """The records that arrived at this FPort."""
    ups = [up for up in unit.of("up") if up.f_port == f_port]
    return [record for up in ups for record in decoding.unpack(f_port, up.data)[1]]


async def test_a_lamp_on_a_t_beam_is_lit_reports_and_dims_by_command():
    async with Lab(seed=4) as lab:
        unit = await lab.add("lamp", board=BOARD, report_s=600, parts={"bh1750": {"lux": 5}})
        await lab.run(2)
        assert await unit.board.duty("lamp") == pytest.approx(1.0, abs=0.01)
        assert await lab.run(90, lambda: bool(records(unit, READING)), step_s=1)
        await lab.run(50)  # nothing is under way: only class C can receive
        values = {"token": 9, "level": 40, "ramp": 1, "hold": 1, "expires": None}

        lab.command(unit, COMMANDS["dim"][0], codec.pack("dim", values))

        assert await lab.run(15, lambda: bool(records(unit, ANSWER)), step_s=1)
        answer = records(unit, ANSWER)[0]
        assert (answer["token"], answer["level"]) == (9, 40)
        assert await unit.board.duty("lamp") == pytest.approx(0.4, abs=0.002)
        assert lab.simulation.refusals == []
        assert lab.simulation.violations == []
