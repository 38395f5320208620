"""A wake of an ESP32 for a sample alone tells the network what one of the whole node would."""

import pytest
from wire.schema import PAYLOADS

from tools.bench.world import lab as world_lab
from tools.bench.world.lab import Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FPORT = PAYLOADS["bin"][0]
SAMPLE_S = 600
MINUTES = 70
MINUTE_US = 60_000_000
LEVELS = [[0, 1100], [15 * MINUTE_US, 1080], [25 * MINUTE_US, 700], [45 * MINUTE_US, 150]]
"""A rise that nobody is told of, one that is, and an overflow."""
BIN = {
    "board": "t_beam", "usb": False, "sample_s": SAMPLE_S, "report_s": 3600,
    "parts": {"a02yyuw": {"distance_mm": LEVELS}},
}  # fmt: skip
APART_S = 37
"""Between the two, or their frames would collide."""
LATER_S = 4
"""A change is measured twice: by the sample, and by the whole node that it starts."""
THIN_S = 0.55
"""What a sample may make the chip work, from boot loader to deep sleep."""
THIN = "/lib/node/thin.mpy"


def told(unit: Unit) -> list[tuple]:
    """What each reading says, once."""
    found = {one["seq"]: one for one in unit.readings(FPORT)}
    return [
        tuple(found[seq][name] for name in ("seq", "fill", "event", "alarm", "suspect"))
        for seq in sorted(found)
    ]


def times_s(unit: Unit) -> list[float]:
    """When its frames ended, after the first."""
    ends = [up.rx_info[0].gw_time.ToMilliseconds() / 1000 for up in unit.of("up")]
    return [end - ends[0] for end in ends]


async def ledger(unit: Unit) -> dict:
    return await unit.board.ledger()


async def wake(lab: Lab, unit: Unit, step_s: float) -> None:
    """Runs until the board wakes from deep sleep."""
    woken = (await ledger(unit))["resets"]["deepsleep"]
    while (await ledger(unit))["resets"]["deepsleep"] == woken:
        await lab.run(step_s)


async def test_samples_alone_and_whole_nodes_tell_the_same(monkeypatch):
    staged = world_lab.staged_files
    async with Lab(seed=1) as lab:
        thin = await lab.add("bin", name="thin", **BIN)
        monkeypatch.setattr(
            world_lab,
            "staged_files",
            lambda board: {path: data for path, data in staged(board).items() if path != THIN},
        )
        await lab.run(APART_S)
        whole = await lab.add("bin", name="whole", **BIN)
        await lab.run(MINUTES * 60)

        readings = told(thin)
        assert readings == told(whole)
        assert {one[2] for one in readings} == {0, 1}, "the overflow was not told"
        assert len(readings) >= 3
        pairs = list(zip(times_s(thin), times_s(whole), strict=True))
        assert max(abs(one - other) for one, other in pairs) < LATER_S, pairs
        worked = [(await ledger(unit))["cpu_busy_us"] / 1e6 for unit in (thin, whole)]
        woken = [(await ledger(unit))["resets"] for unit in (thin, whole)]
        for resets in woken:
            assert resets["deepsleep"] == sum(resets.values()) >= 5, "it was reset otherwise"
        assert worked[0] < worked[1]
        radio = (await ledger(thin))["energy"]["sx1262"]
        assert radio["warm"]["seconds"] > MINUTES * 60 - 120, "a floating pad woke the radio"
        assert not lab.simulation.violations
        assert not lab.simulation.refusals


async def test_a_sample_is_short_and_a_touch_in_it_wakes_the_whole_node():
    async with Lab(seed=1) as lab:
        unit = await lab.add("bin", **BIN)
        assert await lab.run(90, lambda: bool(told(unit)), step_s=1)
        await wake(lab, unit, 1)
        await lab.run(SAMPLE_S / 2)
        before = await ledger(unit)
        await lab.run(SAMPLE_S)
        after = await ledger(unit)
        assert after["resets"]["deepsleep"] == before["resets"]["deepsleep"] + 1
        assert (after["cpu_busy_us"] - before["cpu_busy_us"]) / 1e6 < THIN_S
        count = len(told(unit))

        await lab.run(SAMPLE_S / 2 - 20)
        await wake(lab, unit, 0.05)
        await lab.run(0.6)  # the sensor's frames come
        await unit.board.set("reed", closed=True)
        await lab.run(0.1)
        await unit.board.set("reed", closed=False)

        assert await lab.run(20, lambda: len(told(unit)) > count, step_s=1), "nobody noticed"
