"""The README's own lines with unmodified mpremote: install, edit, reset, join, upgrade.

The lines are read from README.md between `<!-- flash:NAME -->` and the end of the block that
follows, and run by a shell exactly as they stand; only PORT and the settings file are given, and
for an ESP32 the names of its board and device.
"""

import asyncio
import contextlib
import re

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


BUILD = "make build"
"""The first line of a block: it makes the same for every board, so it is run once for all."""


async def shell(script, folder=ROOT, **variables):
    """Runs lines in a shell that stops at the first failure; returns what they printed."""
    process = await asyncio.create_subprocess_exec(
        "sh", "-ec", "\n".join(script), cwd=folder, env=environment() | variables,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    status, out = await ended(process, 400)
    assert status == 0, out
    return out


class Fresh:
    """A board as it comes, and a folder like the checkout, where its README lines are run.

    The lines write ./device.json: boards at the same time need a folder each.
    """

    def __init__(self, street, folder, kind, name):
        self.street, self.folder, self.kind, self.name = street, folder / name, kind, name
        self.folder.mkdir()
        for path in ROOT.iterdir():
            (self.folder / path.name).symlink_to(path)

    async def run(self, block, **variables):
        """Runs a block but for BUILD."""
        script = [line for line in lines(block, self.kind, self.name) if line != BUILD]
        await shell(script, self.folder, **variables)

    async def install(self, port):
        """From blank to a reading at the backend; keeps what the node says of itself."""
        await self.run("install", PORT=port)
        joined = await self.street.receiver.event("joined", 120, device=self.name)
        self.dev_eui = joined["data"]["dev_eui"]
        await self.street.receiver.event("reading", 90, dev_eui=self.dev_eui)
        self.before = await self.info(port)
        self.known = len(self.street.receiver.events)

    async def upgrade(self, port):
        """The same files again: it knows its state and its session."""
        await self.run("upgrade", PORT=port)
        of_this = {"since": self.known, "dev_eui": self.dev_eui}
        boot = await self.street.receiver.event("boot", 120, **of_this)
        after = await self.info(port)
        for same in ("dev_addr", "dev_eui", "config_version"):
            assert after[same] == self.before[same]
        assert after["boots"] > self.before["boots"]
        causes = [one["value"] for one in boot["data"]["values"] if one["property"] == "bootCause"]
        assert causes == ["soft"], "the upgraded board must know its state"

    async def info(self, port):
        async with Console(port) as console:
            return await console.ask("info")


BOARDS = ((PICO, BIN), ("t_beam", "bin-2"), ("t3_v16", "bin-3"))
"""One of each chip; the third, another radio on an ESP32, with `--weeks` alone."""


async def test_the_readmes_lines_install_join_and_upgrade(street, virtual, tmp_path, pytestconfig):
    only_virtual(virtual, "a blank board is needed; on a real one run the lines by hand")
    assert {lines(block)[0] for block in ("install", "upgrade")} == {BUILD}
    boards = BOARDS if pytestconfig.getoption("weeks") else BOARDS[:2]
    fresh = [Fresh(street, tmp_path, *one) for one in boards]
    async with contextlib.AsyncExitStack() as stack:
        ports = []
        for at, one in enumerate(fresh):
            board = await street.simulation.add_board(
                f"fresh {one.name}", board=one.kind, flash=None, position_m=(90 + 20 * at, -40)
            )
            ports.append(await stack.enter_async_context(board.port()))
            await one.run("add", LAMPLIGHTER_CONFIG=str(street.service.config))
        for step in (Fresh.install, Fresh.upgrade):
            await shell([BUILD])
            await asyncio.gather(
                *(step(one, port) for one, port in zip(fresh, ports, strict=True))
            )
    for one in fresh:
        later = street.receiver.events[one.known :]
        joins = [e["subject"] for e in later if e["type"] == "lamplighter.joined.v1"]
        assert one.dev_eui not in joins, "an upgrade must not need a new join"
