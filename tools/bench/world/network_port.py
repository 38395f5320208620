"""A board's serial port over TCP by RFC 2217, which carries DTR and RTS; a pty has no such lines.

pyserial, mpremote and esptool open `rfc2217://127.0.0.1:PORT`. The lines go to the board's bridge,
where the auto-reset circuit of a dev board makes EN and GPIO0 of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from serial.rfc2217 import PortManager

CHUNK = 4096


class Board(Protocol):
    """What this port uses of a board."""

    async def write(self, data: bytes) -> None:
        """Types on the board's console."""

    async def lines(self, *, dtr: bool, rts: bool) -> None:
        """Sets DTR and RTS, true: asserted."""


class Settings:
    """What pyserial's server side sets and asks: the settings of a serial port, and its lines."""

    def __init__(self, changed: Callable[[bool, bool], None]) -> None:
        self.baudrate = 115200
        self.bytesize = 8
        self.parity = "N"
        self.stopbits = 1
        self.xonxoff = False
        self.rtscts = False
        self.break_condition = False
        self.cts = True
        self.dsr = True
        self.cd = True
        self.ri = False
        self._dtr = False
        self._rts = False
        self._changed = changed

    @property
    def dtr(self) -> bool:
        """Whether DTR is asserted."""
        return self._dtr

    @dtr.setter
    def dtr(self, on: bool) -> None:
        self._dtr = on
        self._changed(self._dtr, self._rts)

    @property
    def rts(self) -> bool:
        """Whether RTS is asserted."""
        return self._rts

    @rts.setter
    def rts(self, on: bool) -> None:
        self._rts = on
        self._changed(self._dtr, self._rts)

    def reset_input_buffer(self) -> None:
        """Nothing waits here: what the board prints is sent at once."""

    def reset_output_buffer(self) -> None:
        """Nothing waits here: what is typed is on the wire at once."""


class NetworkPort:
    """One open port, one client at a time; a second one is hung up on. `path` is what it opens."""

    def __init__(self, board: Board, kick: Callable[[], None]) -> None:
        self._board = board
        self._kick = kick
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._manager: PortManager | None = None
        self._actions: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.path = ""

    async def open(self) -> None:
        """Listens at a free port of this machine's loopback address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.path = f"rfc2217://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._task = asyncio.create_task(self._act())

    @property
    def used(self) -> bool:
        """Whether a program has it open."""
        return self._writer is not None

    async def _act(self) -> None:
        """Data and changes of the lines reach the board in the order in which they came."""
        while True:
            await (await self._actions.get())()
            self._kick()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer:
            writer.close()
            return
        self._writer = writer
        settings: Any = Settings(self._lines)  # pyserial's types name its own class
        connection: Any = writer
        self._manager = manager = PortManager(settings, connection)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                typed = b"".join(manager.filter(data))
                if typed:
                    self._actions.put_nowait(lambda typed=typed: self._board.write(typed))
        self._lines(dtr=False, rts=False)
        self._writer = self._manager = None
        writer.close()

    def _lines(self, dtr: bool, rts: bool) -> None:
        self._actions.put_nowait(lambda: self._board.lines(dtr=dtr, rts=rts))

    def deliver(self, data: bytes) -> None:
        """Passes the board's output on to the program that has the port open."""
        if self._writer and self._manager:
            self._writer.write(b"".join(self._manager.escape(data)))

    async def close(self) -> None:
        """Hangs up and stops listening."""
        if self._server:
            self._server.close()
        if self._writer:
            self._writer.close()
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
