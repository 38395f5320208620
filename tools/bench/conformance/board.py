"""One emulated board that runs test after test in its raw REPL, in virtual time."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from tools.bench.world.board import VirtualBoard
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import fitted, wiring

BOOT_S = 5
LONGEST_S = 90
RAW = rb"raw REPL; CTRL-B to exit\r\n>"
ENDED = rb"OK(.*?)\x04(.*?)\x04(?:>|(?:\r\n)?MPY: soft reboot\r\n.*?" + RAW + b")"
"""Output and traceback; SystemExit ends a test by a soft reset."""


class Board:
    """A bare board of a file in boards/. Use as an async context manager."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._world = Simulation(cache_model=False)
        self._made = 0
        self._board: VirtualBoard

    async def __aenter__(self) -> Self:
        await self._world.__aenter__()
        await self._renew()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._world.__aexit__(kind, error, trace)

    async def _renew(self) -> None:
        """A fresh board, for a program that has hung the one before."""
        self._made += 1
        parts: dict[str, dict[str, Any] | None] = {
            part["chip"]: None for part in fitted(wiring(self._name), {})
        }
        self._board = await self._world.add_board(
            f"board{self._made}", board=self._name, parts=parts
        )
        await self._board.expect(">>> ", within_s=BOOT_S)

    async def run(self, source: bytes) -> str | None:
        """What a program prints after a soft reset; None: it does not end, and is replaced."""
        board = self._board
        try:
            await board.write(b"\r\x03\x03\x01")
            await board.expect(RAW, BOOT_S)
            await board.write(b"\x04")
            await board.expect(RAW, BOOT_S)
            await board.write(source + b"\x04")
            ended = await board.expect(ENDED, LONGEST_S)
        except TimeoutError:
            await board.power(False)
            await self._renew()
            return None
        return (ended[1] + ended[2]).decode(errors="replace")
