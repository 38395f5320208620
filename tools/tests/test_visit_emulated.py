"""A technician's visit on an emulated board, from its first power to its certificate."""

import pytest

from gateway import certificate
from tools.bench.world.lab import APP_KEY, Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

VISIT = (
    "info", "lang en", "profile bin 1000", "measure 3", "calib empty", "join", "link 3", "test",
    "asset BAC-42", "save",
)  # fmt: skip
"""Ten commands, three minutes at most."""


MORE = (
    "info", "help", "help set", "help app_key", "set", "set app_key", "config", "measure", "log",
    "log 100", "profile", "link", "join", "sim 500", "sim off", "test", "factory", "asset", "save",
    "set app_key 12", "set dev_eui", "nothing", "lang fr", "info", "log", "reboot",
)  # fmt: skip
"""For a person, good and bad, after the visit."""


def told(unit: Unit) -> list[str]:
    """Which of the device's keys its port has told, in any form that MicroPython prints."""
    session = unit.device.session
    assert session
    keys = {
        "AppKey": bytes.fromhex(APP_KEY),
        "NwkSKey": session.nwk_s_key,
        "AppSKey": session.app_s_key,
    }
    said = bytes(unit.board.transcript)
    low = said.lower().replace(b" ", b"")
    return [
        name
        for name, key in keys.items()
        if key in said
        or any(form.encode() in low for form in (key.hex(), repr(key)[2:-1].lower()))
    ]


@pytest.mark.parametrize(
    "board", ["pico_lora_sx1262", pytest.param("t_beam", marks=pytest.mark.faults)]
)
async def test_a_bin_is_commissioned_in_ten_commands_and_three_minutes(board: str) -> None:
    async with Lab() as lab:
        parts = {"a02yyuw": {"distance_mm": 1200}}
        unit = await lab.add("bin", board=board, report_s=600, parts=parts)
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

        before = len(unit.board.transcript)
        for line in MORE:
            await unit.board.write(f"{line}\r\n".encode())
            await lab.run(12 if line == "test" else 3)
        more = unit.board.transcript[before:].decode()
        assert "nothing: unknown command" in more, more
        assert "app_key" in more
        assert told(unit) == []
