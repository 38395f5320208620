"""The serial shell's line: read byte by byte beside the MAC, echoed, garbage ignored.

The commands are `node.shell`'s, which `node.app` loads for each line.
"""

import asyncio
import sys

from micropython import const

_LONGEST = const(200)


class Console:
    """`run` until cancelled. `node` is a `node.app.Node`."""

    def __init__(self, node, output, stdin=None):
        self._node = node
        self._output = output
        self._stdin = stdin or asyncio.StreamReader(sys.stdin.buffer)
        self._line = ""
        self._last = 0

    async def run(self) -> None:
        """Read bytes and carry out lines."""
        self._output.write("> ")
        while True:
            data = await self._stdin.read(1)
            if data:
                await self.take(data[0])

    async def take(self, byte: int) -> None:
        """One byte typed."""
        before, self._last = self._last, byte
        if byte == 10 and before == 13:
            return
        if byte in (10, 13):
            self._output.write("\r\n")
            line, self._line = self._line, ""
            await self._carry_out(line)
            self._output.write("> ")
        elif byte == 21:  # Ctrl-U
            self._output.write("\x08 \x08" * len(self._line))
            self._line = ""
        elif byte in (8, 127):
            if self._line:
                self._line = self._line[:-1]
                self._output.write("\x08 \x08")
        elif 32 <= byte < 127 and len(self._line) <= _LONGEST:
            self._line += chr(byte)
            self._output.write(chr(byte))

    async def _carry_out(self, line):
        if len(line) > _LONGEST:
            self._output.line("error: the line is longer than %d characters" % _LONGEST)
            self._output.line("next:  type help")
        elif line.strip():
            for one in await self._node.shell(line):
                self._output.line(one)
