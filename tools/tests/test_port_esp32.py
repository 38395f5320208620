"""The port of an emulated ESP32 (UART0 behind a bridge) under unmodified mpremote; paced."""

import asyncio
import contextlib
import hashlib
import json
import os
import pty
import time

import pytest
import pytest_asyncio
import serial

from tools.bench.world.errors import SimulationError
from tools.bench.world.simulation import Simulation
from tools.tests.bare_boards import bare
from tools.tests.mpremote import mpremote, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]
TOGETHER_S = 3
old_threads = pytest.mark.filterwarnings(r"ignore:set(Daemon|Name)\(\) is deprecated")
"""pyserial's client of RFC 2217 calls them."""


@contextlib.asynccontextmanager
async def at_prompt():
    """A bare board at its prompt, in a world of its own."""
    async with Simulation() as world:
        board = await world.add_board("node", board="t_beam", parts=bare("t_beam"))
        await board.expect(">>> ", within_s=3)
        yield board


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened():
    """(board, path): a bare board at its prompt whose port is open."""
    async with at_prompt() as board, board.port() as path:
        yield board, path


@pytest_asyncio.fixture(loop_scope="module")
async def over_network():
    """(board, address): the same with the port over TCP, which carries DTR and RTS."""
    async with at_prompt() as board, board.network_port() as address:
        yield board, address


async def test_exec_runs_code_on_the_board(opened):
    _, path = opened
    assert await mpremote(path, "exec", "import sys; print(sys.platform)") == (0, "esp32\r\n")


async def test_fs_copies_lists_and_removes(opened, tmp_path):
    _, path = opened
    data = os.urandom(3000)
    (tmp_path / "sent").write_bytes(data)
    there = ("fs", "cp", str(tmp_path / "sent"), ":kept", "+", "fs", "ls")
    back = ("fs", "sha256sum", "kept", "+", "fs", "cp", ":kept", str(tmp_path / "got"))

    copied = await mpremote(path, *there, "+", *back)
    gone = await mpremote(path, "fs", "rm", "kept", "+", "fs", "ls")

    assert copied[0] == 0, copied[1]
    assert "3000 kept" in copied[1]
    assert hashlib.sha256(data).hexdigest() in copied[1]
    assert (tmp_path / "got").read_bytes() == data
    assert gone[0] == 0
    assert "3000 kept" not in gone[1]


async def test_mip_installs_a_package_of_this_machine(opened, tmp_path):
    _, path = opened
    (tmp_path / "brought.py").write_text("NUMBER = 7\n")
    package = {"urls": [["brought.py", "brought.py"]], "version": "1"}
    (tmp_path / "package.json").write_text(json.dumps(package))

    status, said = await mpremote(
        path, "mip", "install", "--no-mpy", str(tmp_path / "package.json")
    )
    assert status == 0, said
    assert await mpremote(path, "exec", "import brought; print(brought.NUMBER)") == (0, "7\r\n")


async def test_mount_lets_the_board_import_from_this_machine(opened, tmp_path):
    _, path = opened
    (tmp_path / "here.py").write_text("WHERE = 'this machine'\n")

    status, said = await mpremote(
        path, "mount", str(tmp_path), "exec", "import here; print(here.WHERE)"
    )

    assert status == 0, said
    assert "this machine\r\n" in said


async def test_repl_passes_keys_and_answers(opened):
    board, path = opened
    terminal, program = pty.openpty()
    task = asyncio.create_task(mpremote(path, "repl", stdin=program))
    async with asyncio.timeout(30):
        while not board.transcript.endswith(b"print(6 * 7)\r\n42\r\n>>> "):
            os.write(terminal, b"print(6 * 7)\r")  # it drops what is typed before it is ready
            await asyncio.sleep(1)
    os.write(terminal, b"\x1d")
    status, said = await task
    for one in (terminal, program):
        os.close(one)

    assert status == 0, said
    assert "Use Ctrl-] or Ctrl-x to exit this shell" in said
    assert "print(6 * 7)\r\n42\r\n>>> " in said


async def test_reset_starts_the_board_again_with_its_files(opened):
    board, path = opened
    boots = board.boots
    await mpremote(path, "exec", "f = open('mark', 'w'); f.write('x'); f.close()")

    status, said = await mpremote(path, "reset")
    assert status == 0, said
    # The chip's loader empties UART0 24 ms after a reset: what is typed before is lost, and
    # mpremote waits for ever for the answer on a pty. A person waits for the prompt, too.
    await until(lambda: board.boots > boots and board.transcript.endswith(b">>> "))

    code = "from machine import *; import os; print(reset_cause() == HARD_RESET, os.listdir())"
    status, said = await mpremote(path, "resume", "exec", code)
    assert (status, said[:5]) == (0, "True "), said
    assert "'mark'" in said


async def test_a_second_mpremote_is_refused_while_one_is_at_work(opened):
    board, path = opened
    work = f"import time; print('at work'); time.sleep({TOGETHER_S}); print('done')"
    first = asyncio.create_task(mpremote(path, "exec", work))
    await until(lambda: board.transcript.endswith(b"at work\r\n"))

    status, said = await mpremote(path, "exec", "print('me too')")

    assert status == 1
    assert "failed to access" in said
    assert "it may be in use by another program" in said
    assert await first == (0, "at work\r\ndone\r\n")


@old_threads
async def test_dtr_and_rts_of_a_network_port_reset_the_board(over_network):
    board, address = over_network

    def resets():
        with serial.serial_for_url(address, timeout=10) as port:
            port.dtr, port.rts = False, True
            time.sleep(0.1)
            port.rts = False
            return port.read_until(b">>> ")

    said = await asyncio.to_thread(resets)

    assert b"MicroPython v1." in said
    [cause] = [notice["cause"] for notice in board.notices if notice["event"] == "reset"]
    assert cause == "enable"


async def test_mpremote_works_over_the_network_port_without_a_reset(over_network):
    board, address = over_network

    assert await mpremote(address, "exec", "print(6 * 7)") == (0, "42\r\n")
    assert await mpremote(address, "resume", "exec", "print(6 * 8)") == (0, "48\r\n")

    assert board.boots == 1


@old_threads
async def test_a_second_client_of_the_network_port_is_refused(over_network):
    _, address = over_network
    with await asyncio.to_thread(serial.serial_for_url, address, timeout=3):
        status, said = await mpremote(address, "exec", "print('me too')")

    assert status == 1
    assert "it may be in use by another program" in said


async def test_a_board_without_a_bridge_has_no_reset_lines():
    async with Simulation() as world:
        board = await world.add_board("node", parts=bare())
        with pytest.raises(SimulationError, match="has no DTR and RTS that reset it"):
            await board.lines(dtr=False, rts=True)
