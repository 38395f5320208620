"""The serial shell between two visits of a person: the code for its keys is not in the heap.

`node.terminal` edits lines; it is loaded with the first byte and unloaded after some quiet
minutes. The commands are `node.shell`'s, which `node.app` loads for each line.
"""

import asyncio
import sys

from micropython import const

_QUIET_MS = const(180000)


class Console:
    """`run` until cancelled. `node` is a `node.app.Node`."""

    def __init__(self, node, output, stdin=None, quiet_ms=_QUIET_MS):
        self._node = node
        self._output = output
        self._stdin = stdin or asyncio.StreamReader(sys.stdin.buffer)
        self._quiet_ms = quiet_ms
        self._terminal = None
        self._typed = False

    async def run(self) -> None:
        """Read bytes and carry out lines."""
        self._output.write("> ")
        while True:
            data = await self._stdin.read(1)
            if data:
                if not self._terminal:
                    await self._load()
                self._typed = True
                await self._terminal.take(data[0])  # pyright: ignore[reportOptionalMemberAccess]

    async def _load(self):
        await self._node.gap()
        from node import terminal

        self._terminal = terminal.Terminal(self._node, self._output)
        asyncio.create_task(self._leave())

    async def _leave(self):
        """Unload the terminal after a time without a byte."""
        self._typed = True
        while self._typed:
            self._typed = False
            await asyncio.sleep_ms(self._quiet_ms)
        if self._terminal.line:  # pyright: ignore[reportOptionalMemberAccess] - loaded
            self._output.write("\r\n> ")
        self._terminal = None
        self._node.forget("terminal")
