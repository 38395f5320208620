"""A sealed bin that sleeps is woken by a magnet at its reed contact, on both emulated boards."""

import pytest
from wire.schema import PAYLOADS

from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

FPORT = PAYLOADS["bin"][0]
PERIOD_S = 3600
ATTENDED_S = 300


@pytest.mark.parametrize(
    ("board", "deepsleeps"), [("pico_lora_sx1262", 0), ("t_beam", 1)], ids=["light", "deep"]
)
async def test_a_magnet_wakes_a_sealed_node_that_reports_and_stays_awake(board, deepsleeps):
    async with Lab(seed=1) as lab:
        unit = await lab.add(
            "bin", board=board, usb=False, report_s=PERIOD_S, sample_s=PERIOD_S
        )  # fmt: skip

        def readings():
            return {one["seq"] for one in unit.readings(FPORT)}

        async def awake_s(seconds):
            before = (await unit.board.ledger())["awake_us"]
            await lab.run(seconds)
            return ((await unit.board.ledger())["awake_us"] - before) / 1e6

        async def deep():
            ledger = await unit.board.ledger()
            return ledger.get("resets", {}).get("deepsleep", 0)

        assert await lab.run(90, lambda: bool(readings()), step_s=1)
        await lab.run(120)
        told = len(readings())
        assert await awake_s(60) < 5, "it does not sleep"

        await unit.board.set("reed", closed=True)
        await lab.run(2)
        await unit.board.set("reed", closed=False)
        assert await lab.run(20, lambda: len(readings()) > told, step_s=1), "nothing came"
        assert await deep() == deepsleeps
        assert await awake_s(30) > 25, "it slept before a person could ask it anything"
        await lab.run(ATTENDED_S)

        assert await awake_s(60) < 5, "it never slept again"
        assert len(readings()) == told + 1, "a magnet that goes is no second person"
        assert not lab.simulation.violations
