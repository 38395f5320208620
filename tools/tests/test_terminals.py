"""The second terminal: `lamplighter-bench` on a board that stands in a running street."""

import asyncio
import contextlib
import json
import os
import pty
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tools.bench import console
from tools.bench.main_job import terminals
from tools.bench.world.simulation import Simulation
from tools.setup import paths, python_packages
from tools.tests.bare_boards import bare
from tools.tests.mpremote import until

needs_firmware = pytest.mark.skipif(
    not paths.FIRMWARE_BIN.exists(), reason="the firmware is not built: run `make check`"
)


def said(folder, *arguments):
    """What the command prints, and its exit status."""
    result = CliRunner().invoke(console.main, ["--folder", str(folder), *arguments])
    return result.exit_code, result.output.strip()


def test_without_a_street_it_says_what_to_start(tmp_path):
    (tmp_path / "4194999.json").write_text('{"bin": "/dev/pts/1"}')  # it was killed

    assert said(tmp_path, "ports") == (1, f"Error: {console.NONE}")
    assert list(tmp_path.iterdir()) == []


def test_the_street_that_was_started_last_is_meant(tmp_path):
    for pid, port, when in ((os.getppid(), "/dev/pts/1", 1), (os.getpid(), "/dev/pts/2", 2)):
        note = tmp_path / f"{pid}.json"
        note.write_text(json.dumps({"bin": port}))
        os.utime(note, (when, when))

    assert said(tmp_path, "ports") == (0, "bin        /dev/pts/2")
    assert said(tmp_path, "console", "lamp") == (
        1, "Error: lamp is no board of the street: bin",
    )  # fmt: skip
    status, text = said(tmp_path, "console", "bin")
    assert (status, "a program opens the port /dev/pts/2" in text) == (1, True)


def test_both_commands_are_where_the_readme_says():
    for name, module in python_packages.COMMANDS.items():
        assert f"from {module} import main" in (paths.VENV / "bin" / name).read_text()
    hints = terminals.hints({"bin": "/dev/pts/3", "lamp": "/dev/pts/4"})
    command = ".cache/venv/bin/lamplighter-bench console bin"
    assert f"{command} (or lamp)" in hints[0]
    assert "mpremote connect /dev/pts/3: bin /dev/pts/3, lamp /dev/pts/4" in hints[1]
    assert command in (paths.ROOT / "README.md").read_text()


@needs_firmware
async def test_a_person_types_on_a_board_that_runs(tmp_path):
    async with Simulation() as world, world.paced():
        board = await world.add_board("bin", parts=bare())
        async with terminals.offered({"bin": board}, tmp_path) as ports:
            assert terminals.running(tmp_path) == ports
            async with terminal("--folder", str(tmp_path), "console", "bin") as (keys, shown):
                await until(lambda: b"Use Ctrl-] or Ctrl-x" in shown, 20)
                os.write(keys, b"\rprint(6 * 7)\r")
                await until(lambda: b"\r\n42\r\n" in shown, 20)
                os.write(keys, b"\x1d")
        assert list(tmp_path.iterdir()) == []


@contextlib.asynccontextmanager
async def terminal(*arguments):
    """The command in a terminal of its own: (where keys are typed, all that it shows)."""
    master, slave = pty.openpty()
    process = subprocess.Popen(  # noqa: ASYNC220 - starts at once
        [sys.executable, "-m", "tools.bench.console", *arguments],
        stdin=slave, stdout=slave, stderr=slave, cwd=paths.ROOT,
    )  # fmt: skip
    os.close(slave)
    shown = bytearray()

    def read():
        try:
            shown.extend(os.read(master, 4096))
        except OSError:  # the command has ended
            asyncio.get_running_loop().remove_reader(master)

    asyncio.get_running_loop().add_reader(master, read)
    try:
        yield master, shown
        assert await asyncio.to_thread(process.wait, 10) == 0, shown.decode()
    finally:
        process.kill()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
