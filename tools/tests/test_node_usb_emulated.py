"""A node and its USB cable, on an emulated board in virtual time."""

import pytest

from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def test_plugging_in_wakes_a_sleeper_for_the_technician() -> None:
    async with Lab() as lab:
        unit = await lab.add("bin", report_s=600, usb=False)
        await lab.run(100)
        assert (await unit.board.ledger())["sleep_us"] > 80_000_000
        await unit.board.usb(True)
        await lab.run(2)

        info = await lab.ask(unit, "info")

        assert info["joined"] is True
        assert info["uptime_s"] > 100
        assert lab.simulation.refusals == []
        assert lab.simulation.violations == []
