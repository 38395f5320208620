"""A board's port as unmodified mpremote and pyserial see it: emulated board, paced time."""

import asyncio
import contextlib
import hashlib
import os

import pytest
import serial

from tools.bench.world.errors import BoardError
from tools.bench.world.simulation import Simulation
from tools.setup import paths
from tools.tests.bare_boards import bare
from tools.tests.mpremote import mpremote, until

pytestmark = pytest.mark.skipif(
    not paths.FIRMWARE_BIN.exists(), reason="the firmware is not built: run `make check`"
)
BARE = bare()


@contextlib.asynccontextmanager
async def opened():
    """A board with an open port: (board, path)."""
    async with Simulation() as world:
        board = await world.add_board("node", parts=BARE)
        await board.expect(">>> ", within_s=3)
        async with board.port() as path:
            yield board, path


async def test_mpremote_executes_code_on_the_board():
    async with opened() as (_, path):
        assert await mpremote(path, "exec", "print(1/3)") == (0, "0.3333333\r\n")


@pytest.mark.slow
async def test_mpremote_copies_files_both_ways_and_resets(tmp_path):
    data = os.urandom(9000)
    (tmp_path / "sent").write_bytes(data)
    async with opened() as (board, path):
        await mpremote(path, "fs", "cp", str(tmp_path / "sent"), ":kept")
        _, digest = await mpremote(path, "fs", "sha256sum", "kept")
        await mpremote(path, "reset")
        await until(lambda: board.boots == 2, within_s=30)
        status, _ = await mpremote(path, "fs", "cp", ":kept", str(tmp_path / "got"))

        assert status == 0
        assert hashlib.sha256(data).hexdigest() in digest
        assert (tmp_path / "got").read_bytes() == data
        assert board.boots == 2


async def test_pyserial_opens_the_port():
    async with opened() as (_, path):

        def talk():
            with serial.Serial(path, 115200, timeout=5) as port:
                port.write(b"print(6 * 7)\r\n")
                return port.read_until(b"42\r\n")

        said = await asyncio.to_thread(talk)

    assert said.endswith(b"\r\n42\r\n")


@pytest.mark.slow
async def test_what_the_host_took_reaches_a_reader_who_comes_late():
    async with opened() as (board, path):
        start = len(board.transcript)
        code = b"for i in range(3000): print('%05d' % i * 4)\r\n\r\n"
        with serial.Serial(path, 115200, timeout=0) as port:
            port.write(code)
            await asyncio.sleep(1.5)
            waiting = len(board.transcript) - start

            def drain():
                port.timeout = 60
                return port.read_until(b"02999029990299902999\r\n")

            said = await asyncio.to_thread(drain)

        # MicroPython itself drops what a host leaves for half a second; the host loses nothing.
        assert bytes(board.transcript[start:]).startswith(said)
        assert len(said) > waiting
        assert waiting < 60_000


@pytest.mark.slow
async def test_an_offered_port_that_nobody_uses_holds_nothing_up():
    loud = (
        b"import time\r\nfor i in range(3000): print('%05d' % i * 4)\r\n\r\nprint('do' 'ne')\r\n"
    )
    async with Simulation() as world:
        board = await world.add_board("node", parts=BARE)
        await board.expect(">>> ", within_s=3)
        async with board.port(offered=True) as path:
            assert not board.has_port
            await board.write(loud)
            await until(lambda: b"\r\ndone" in board.transcript, 30)
            assert b"02999029990299902999" in board.transcript

            for _ in range(2):  # a program comes, goes, and comes again
                assert await mpremote(path, "exec", "print(1/3)") == (0, "0.3333333\r\n")
            await until(lambda: not board.has_port, 2)


async def test_the_port_is_opened_once_and_closed_with_the_block():
    async with opened() as (board, path):
        with pytest.raises(BoardError, match="the port of node is open already"):
            async with board.port():
                pass
        assert board.has_port

        await board.close_port()

        assert not board.has_port
        with pytest.raises(serial.SerialException):
            serial.Serial(path)
