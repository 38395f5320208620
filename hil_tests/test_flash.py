"""The README's own lines with unmodified mpremote: install, edit, reset, join, upgrade.

The lines are read from README.md between `<!-- flash:NAME -->` and the end of the block that
follows, and run by a shell exactly as they stand; only PORT and the settings file are given, and
for an ESP32 the names of its board and device.
"""

import asyncio
import re
from pathlib import Path

import pytest

from hil_tests.console import Console
from hil_tests.nodes import only_virtual
from tools.bench.child import ended
from tools.setup.paths import ROOT, environment

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]
PICO = "pico_lora_sx1262"
BIN = "bin-1"
"""The board and the device that the README's lines name."""


def lines(name, board=PICO, device=BIN):
    """The shell lines of one block of the README. board, device: put in place of the README's."""
    text = (ROOT / "README.md").read_text()
    found = re.search(rf"<!-- flash:{name} -->\n+((?:    .*\n+)+)", text)
    assert found, f"README.md has no block flash:{name}"
    said = found[1].replace(PICO, board).replace(BIN, device)
    return [line[4:] for line in said.splitlines() if line.strip()]


async def shell(script, **variables):
    """Runs lines in a shell that stops at the first failure; returns what they printed."""
    process = await asyncio.create_subprocess_exec(
        "sh", "-ec", "\n".join(script), cwd=ROOT, env=environment() | variables,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    status, out = await ended(process, 400)
    assert status == 0, out
    return out


@pytest.fixture
def device_json():
    """The README writes ./device.json; it must not stay."""
    path = Path(ROOT / "device.json")
    assert not path.exists(), "device.json lies in the checkout: move it away first"
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(("kind", "name"), [(PICO, BIN), ("t_beam", "bin-2"), ("t3_v16", "bin-3")])
async def test_the_readmes_lines_install_join_and_upgrade(
    street, virtual, device_json, kind, name
):
    only_virtual(virtual, "a blank board is needed; on a real one run the lines by hand")
    board = await street.simulation.add_board(
        f"fresh {name}", board=kind, flash=None, position_m=(90, -40)
    )
    config = {"LAMPLIGHTER_CONFIG": str(street.service.config)}
    async with board.port() as port:
        await shell(lines("add", kind, name), **config)
        await shell(lines("install", kind, name), PORT=port)
        known = len(street.receiver.events)
        joined = await street.receiver.event("joined", 90, since=known, device=name)
        dev_eui = joined["data"]["dev_eui"]
        await street.receiver.event("reading", 60, since=known, dev_eui=dev_eui)
        async with Console(port) as console:
            before = await console.ask("info")
        known = len(street.receiver.events)

        await shell(lines("upgrade"), PORT=port)
        boot = await street.receiver.event("boot", 90, since=known, dev_eui=dev_eui)

        async with Console(port) as console:
            after = await console.ask("info")
    assert (after["dev_addr"], after["dev_eui"]) == (before["dev_addr"], dev_eui)
    assert after["config_version"] == before["config_version"]
    assert after["boots"] > before["boots"]
    causes = [one["value"] for one in boot["data"]["values"] if one["property"] == "bootCause"]
    assert causes == ["soft"], "the upgraded board must know its state"
    again = [e for e in street.receiver.events[known:] if e["type"] == "lamplighter.joined.v1"]
    assert not [e for e in again if e["subject"] == dev_eui], "an upgrade must not need a new join"
