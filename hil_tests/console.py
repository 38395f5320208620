"""The serial console of a node, as a technician's script uses it, by pyserial. The same code
serves a virtual board's pseudo-terminal and a real board's port.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import Any, Self

import serial

BAUD = 115200
"""USB CDC ignores it; a UART adapter in between does not."""
KEPT_LINES = 40
RESTART_S = 4.0
"""A node restarts half a second after its answer; its prompt follows a second later."""


class ConsoleError(AssertionError):
    """The node refused or did not answer; the message holds the last lines that it printed."""


class Console:
    """One open serial port. `lines` keeps the last 40 lines received."""

    def __init__(self, port: str) -> None:
        self.port = port
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._partial = b""
        self._arrived = asyncio.Condition()
        self._count = 0
        self._serial: serial.Serial | None = None
        self._notes: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._open()
        return self

    def _open(self) -> None:
        self._serial = serial.Serial(self.port, BAUD, timeout=0, write_timeout=5, exclusive=True)
        asyncio.get_running_loop().add_reader(self._serial.fileno(), self._readable)

    def _close(self) -> None:
        opened, self._serial = self._serial, None
        if opened:
            asyncio.get_running_loop().remove_reader(opened.fileno())
            opened.close()

    async def __aexit__(self, *exc: object) -> None:
        self._close()

    async def restart(self, within_s: float = 20.0) -> None:
        """Restarts the node and returns when it answers again; its USB port goes away meanwhile.

        Raises ConsoleError when it does not come back.
        """
        await self.ask("reboot")
        self._close()
        self._partial = b""
        deadline = time.monotonic() + within_s
        await asyncio.sleep(RESTART_S)
        while not self._serial:
            await asyncio.sleep(0.2)
            try:
                self._open()
            except serial.SerialException as error:
                if time.monotonic() > deadline:
                    raise ConsoleError(f"{self.port} did not come back: {error}") from None
        await self.ask("info", within_s)

    def _readable(self) -> None:
        if not self._serial:
            return
        try:
            self._partial += self._serial.read(4096)
        except serial.SerialException:
            self._close()  # the board went away: the next call raises
            return
        *whole, self._partial = self._partial.split(b"\n")
        if not whole:
            return
        for line in whole:
            self.lines.append(line.decode(errors="replace").strip("\r> "))
            self._count += 1
        task = asyncio.get_running_loop().create_task(self._tell())
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _tell(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    async def send(self, data: bytes) -> None:
        """Writes bytes as they are, in pieces that a slow reader can take."""
        opened = self._opened()
        for at in range(0, len(data), 64):
            await asyncio.to_thread(opened.write, data[at : at + 64])

    def _opened(self) -> serial.Serial:
        if not self._serial:
            raise ConsoleError(f"{self.port} is not open")
        return self._serial

    async def expect(self, text: str, within_s: float = 10.0, *, since: int | None = None) -> str:
        """The first line with `text` that comes from now on (or since line number `since`).

        Raises ConsoleError with the last lines received.
        """
        seen = self._count if since is None else since
        try:
            async with asyncio.timeout(within_s):
                while True:
                    fresh = list(self.lines)[-(self._count - seen) :] if self._count > seen else []
                    for line in fresh:
                        if text in line:
                            return line
                    seen = self._count
                    async with self._arrived:
                        await self._arrived.wait_for(lambda at=seen: self._count > at)
        except TimeoutError:
            tail = "\n".join(self.lines) or "(nothing)"
            raise ConsoleError(
                f"no {text!r} within {within_s} s on {self.port}:\n{tail}"
            ) from None

    async def ask(self, command: str, within_s: float = 15.0) -> dict[str, Any]:
        """Runs `COMMAND --json` and returns its one JSON line. Raises ConsoleError if not ok."""
        answer = await self.try_ask(command, within_s)
        if not answer.get("ok"):
            raise ConsoleError(f"{command}: {answer}")
        return answer

    async def try_ask(self, command: str, within_s: float = 15.0) -> dict[str, Any]:
        """As `ask`, but an answer that is not ok is returned too."""
        since = self._count
        name = command.split(maxsplit=1)[0]
        await self.send(f"{command} --json\r\n".encode())
        line = await self.expect(f'"cmd": "{name}"', within_s, since=since)
        return json.loads(line[line.index("{") :])
