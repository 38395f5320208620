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


async def at_full_light(lab: Lab, unit: Unit, dim: dict[str, int | None]) -> None:
    """By night, all at full light, it sleeps too; and is dimmed by a command as at any time."""
    await unit.board.set("bh1750", lux=5)
    await lab.run(2 * 240 + 10)
    assert await unit.board.duty("lamp") == 1, "no count of the PWM is low"
    before = await unit.board.ledger()
    await lab.run(120)
    after = await unit.board.ledger()
    assert after["sleep_us"] - before["sleep_us"] > 115e6, "full light is a plain level"
    assert after["cpu_busy_us"] - before["cpu_busy_us"] < 0.5e6  # with a measurement
    lab.command(unit, COMMANDS["dim"][0], codec.pack("dim", dim))
    await lab.run(5)
    assert await unit.board.duty("lamp") == pytest.approx(0.4, abs=0.002)


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


async def test_by_day_a_lamp_sleeps_light_counts_who_passes_and_obeys_at_once():
    async with Lab(seed=4) as lab:
        unit = await lab.add(
            "lamp",
            board=BOARD,
            usb=False,
            report_s=240,
            sample_s=240,
            parts={"bh1750": {"lux": 900}},
        )
        assert await lab.run(90, lambda: bool(records(unit, READING)), step_s=1)
        await lab.run(20)
        before = await unit.board.ledger()
        await lab.run(120)
        after = await unit.board.ledger()
        assert after["awake_us"] - before["awake_us"] < 10e6
        assert after["cpu_busy_us"] - before["cpu_busy_us"] < 0.2e6  # 2.4e6 in ticks

        values = {"token": 9, "level": 40, "ramp": 1, "hold": 1, "expires": None}
        lab.command(unit, COMMANDS["dim"][0], codec.pack("dim", values))
        await lab.run(5)  # the server's wait for class C, and the ramp: as long as without sleep
        assert await unit.board.duty("lamp") == pytest.approx(0.4, abs=0.002)
        assert await lab.run(15, lambda: bool(records(unit, ANSWER)), step_s=1)
        before = await unit.board.ledger()
        await lab.run(10)
        after = await unit.board.ledger()
        assert after["sleep_us"] == before["sleep_us"], "PWM stands still in light sleep"
        await lab.run(60)
        assert await unit.board.duty("lamp") == 0, "the command ends after its minute"

        for _ in range(3):
            await unit.board.set("am312", motion=True)
            await lab.run(5.5)
        await lab.run(250)
        passages = {one["seq"]: one["passages"] for one in unit.readings(READING)}
        assert sum(passages.values()) == 3

        await at_full_light(lab, unit, values | {"token": 10})
        assert lab.simulation.refusals == []
        assert lab.simulation.violations == []
