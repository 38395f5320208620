"""A bin on an emulated T-Beam without USB: deep sleep between its reports, and power cut in it."""

import pytest
from wire import decoding

from tools.bench.world.lab import Lab, Unit

pytestmark = pytest.mark.slow

PERIOD_S = 600
AWAKE_S = 2.3
"""From a wake to the next deep sleep, light sleep not counted: 0.7 s of the sensor's frames, the
rest is Python."""


def records(unit: Unit, port: int) -> list[dict]:
    found = [decoding.unpack(up.f_port, up.data)[1] for up in unit.of("up") if up.f_port == port]
    return [record for records in found for record in records]


async def wake(lab: Lab, unit: Unit) -> None:
    """Runs until the board wakes from deep sleep, to the second."""
    woken = (await unit.board.ledger())["resets"]["deepsleep"]
    while (await unit.board.ledger())["resets"]["deepsleep"] == woken:
        await lab.run(1)


async def cut_power(unit: Unit) -> None:
    await unit.board.power(False)
    await unit.board.power(True)


async def awake_s(unit: Unit) -> float:
    return (await unit.board.ledger())["awake_us"] / 1e6


async def test_a_bin_sleeps_deep_between_reports_and_loses_nothing_when_power_fails_there():
    async with Lab(seed=1) as lab:
        unit = await lab.add(
            "bin", board="t_beam", usb=False, report_s=PERIOD_S, sample_s=PERIOD_S
        )
        assert await lab.run(60, lambda: len(unit.of("up")) >= 3, step_s=1)
        await lab.run(PERIOD_S + 30)
        before = await awake_s(unit)
        cycles = 1
        await lab.run(cycles * PERIOD_S)
        ledger = await unit.board.ledger()

        assert ledger["resets"]["deepsleep"] == cycles + 1
        assert sum(ledger["resets"].values()) == cycles + 1, "it was reset otherwise"
        assert (await awake_s(unit) - before) / cycles < AWAKE_S
        radio = ledger["energy"]["sx1262"]
        assert radio["warm"]["seconds"] > cycles * PERIOD_S, "a floating pad woke the radio"
        assert len(unit.of("join")) == 1, "it joined again"
        assert [one["cause"] for one in records(unit, 20)] == [4], "a wake was reported as a start"
        counters = [up.f_cnt for up in unit.of("up")]
        assert counters == list(range(len(counters))), "a counter was skipped or came twice"

        # power fails in deep sleep: the RTC forgets, flash does not
        await cut_power(unit)
        await lab.run(60)
        # and up to a second after a wake, in the middle of the start, the memory already read
        await wake(lab, unit)
        await cut_power(unit)
        await lab.run(60)

        after = [up.f_cnt for up in unit.of("up")]
        assert after == sorted(set(after)), "a counter came twice"
        assert after[len(counters)] >= 32, "the reserved counter was not believed"
        assert len(unit.of("join")) == 1
        assert [one["cause"] for one in records(unit, 20)] == [4, 0, 0]
        seqs = {one["seq"] for one in records(unit, 10)}
        assert seqs == set(range(max(seqs) + 1)), "a reading is missing"
        assert not lab.simulation.violations
        assert not lab.simulation.refusals
