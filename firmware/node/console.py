"""The serial shell's line: read byte by byte beside the MAC, echoed, garbage ignored.

The commands are `node.shell`'s, which `node.app` loads for each line.
"""

import asyncio
import sys

from micropython import const

_LONGEST = const(200)


class Console:
    """`run` for ever. `node` is the composition of `node.app`."""

    def __init__(self, node, port, stdin=None):
        self._node = node
        self._port = port
        self._stdin = stdin or asyncio.StreamReader(sys.stdin.buffer)
        self._line = ""
        self._last = 0

    async def run(self) -> None:
        """Read and obey."""
        self._port.write("> ")
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
            self._port.write("\r\n")
            line, self._line = self._line, ""
            await self._carry_out(line)
            self._port.write("> ")
        elif byte == 21:  # Ctrl-U
            self._port.write("\x08 \x08" * len(self._line))
            self._line = ""
        elif byte in (8, 127):
            if self._line:
                self._line = self._line[:-1]
                self._port.write("\x08 \x08")
        elif 32 <= byte < 127 and len(self._line) <= _LONGEST:
            self._line += chr(byte)
            self._port.write(chr(byte))

    async def _carry_out(self, line):
        if len(line) > _LONGEST:
            self._port.line("error: the line is longer than %d characters" % _LONGEST)
            self._port.line("next:  type help")
        elif line.strip():
            for one in await self._node.shell(line):
                self._port.line(one)
