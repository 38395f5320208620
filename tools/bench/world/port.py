"""A board's serial port for the operating system: a pty that mpremote and pyserial open."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import tty
from collections.abc import Callable
from typing import Protocol

CHUNK = 4096
# With more than this waiting for a reader the host takes no more, as a kernel would not.
FULL = 16 << 10
# How often an offered port looks whether a program has opened it.
USERS_S = 0.1


class Console(Protocol):
    """What a port uses of a board."""

    async def write(self, data: bytes) -> None:
        """Types on the board's console."""

    async def stop_reading(self, stopped: bool = True) -> None:
        """Stops or resumes taking the board's output."""


class Port:
    """One open pty. `path` is what a user opens; nothing is lost in either direction.

    used: whether a program has it open; always, unless it is only offered.  kick: called when
    something was typed, so that paced time moves at once.  offered: the port may stay unused:
    what the board prints while no program has it open is dropped, as by a kernel.
    """

    def __init__(self, board: Console, kick: Callable[[], None], *, offered: bool = False) -> None:
        self._board = board
        self._kick = kick
        self._loop = asyncio.get_running_loop()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._waiting = bytearray()
        self._writing = False
        self._stopped = False
        self._holding: asyncio.Future[None] | None = None
        self._typed: asyncio.Queue[bytes] = asyncio.Queue()
        self._task = asyncio.create_task(self._forward())
        self._watch: asyncio.Task[None] | None = None
        self.used = False
        if offered:
            os.close(self._slave)
            self._watch = asyncio.create_task(self._follow_users())
        else:
            self._begin()

    def _begin(self) -> None:
        self.used = True
        self._loop.add_reader(self._master, self._typing)

    def _end(self) -> None:
        """The last program has closed the port: what waits for it is dropped."""
        self.used = False
        self._loop.remove_reader(self._master)
        self._waiting.clear()
        self._flush()

    async def _follow_users(self) -> None:
        """Follow whether a program has the port open: the master hangs up while none has."""
        poll = select.poll()
        poll.register(self._master, 0)
        while True:
            used = not poll.poll(0)
            if used and not self.used:
                self._begin()
            elif self.used and not used:
                self._end()
            await asyncio.sleep(USERS_S)

    def _typing(self) -> None:
        try:
            data = os.read(self._master, CHUNK)
        except OSError:  # EIO: the program at the other end is gone
            self._end()
            return
        self._typed.put_nowait(data)

    async def _forward(self) -> None:
        while True:
            await self._board.write(await self._typed.get())
            self._kick()

    def deliver(self, data: bytes) -> None:
        """Passes the board's output on to whoever has opened the port."""
        if self.used:
            self._waiting += data
            self._flush()

    def _flush(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: os.write(self._master, self._waiting)]
        except BlockingIOError:
            pass
        if bool(self._waiting) != self._writing:
            self._writing = bool(self._waiting)
            if self._writing:
                self._loop.add_writer(self._master, self._flush)
            else:
                self._loop.remove_writer(self._master)
        self._hold_back()

    def _hold_back(self) -> None:
        full = len(self._waiting) > FULL
        if full != self._stopped:
            self._stopped = full
            self._holding = asyncio.ensure_future(self._board.stop_reading(full))

    async def close(self) -> None:
        """Closes the pty; what its user typed before is still sent."""
        if self._watch:
            self._watch.cancel()
        self._loop.remove_reader(self._master)
        if self._writing:
            self._loop.remove_writer(self._master)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._holding:
            await self._holding
        while not self._typed.empty():
            await self._board.write(self._typed.get_nowait())
        if self._stopped:
            await self._board.stop_reading(False)
        os.close(self._master)
        if not self._watch:
            os.close(self._slave)
