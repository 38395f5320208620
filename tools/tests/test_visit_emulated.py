"""A technician's visit on an emulated board, from its first power to its certificate."""

import pytest

from gateway import certificate
from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

VISIT = (
    "info", "lang en", "profile bin 1000", "measure 3", "calib empty", "join", "link 3", "test",
    "asset BAC-42", "save",
)  # fmt: skip
"""Ten commands, three minutes at most."""


async def test_a_bin_is_commissioned_in_ten_commands_and_three_minutes() -> None:
    async with Lab() as lab:
        unit = await lab.add("bin", report_s=600, parts={"a02yyuw": {"distance_mm": 1200}})
        await lab.run(3)
        began = lab.simulation.now_us
        said = {}
        for line in VISIT:
            said[line] = await lab.ask(unit, line)
            assert said[line]["ok"], said[line]

        took_s = (lab.simulation.now_us - began) / 1e6
        done = said["save"]
        print(f"{len(VISIT)} commands, {took_s:.0f} s: {done['certificate']}")

        assert (done["result"], done["wrong"]) == ("PASS", [])
        assert took_s < 180
        read = certificate.parse(done["certificate"])
        assert read.dev_eui == unit.dev_eui
        assert read.h0_mm == said["calib empty"]["empty_mm"]
        assert read.asset == "BAC-42"
        assert lab.simulation.refusals == []
        assert lab.simulation.violations == []
        info = await lab.ask(unit, "info")
        print(info["heap"])
