"""The last log lines in a ring, and the serial port's output that never blocks the node.

A port whose USB host stopped reading blocks each write for half a second. So bytes are written one
by one, each only when `poll` reports room: 70 us a byte, and none while the host does not read.
Lines that do not fit the queue are counted and dropped, oldest first.
"""

import asyncio
import select
import sys

from micropython import const

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from node.contracts import Writable

_KEPT = const(20)
_WAITING = const(40)
_AT_ONCE = const(32)  # bytes between two turns of the other tasks: 2 ms
_LONGEST_PAUSE_MS = const(1000)


class Log:
    """`log(source, text)` keeps a line and prints it as `# 12.345 source: text`."""

    def __init__(self, clock, output):
        self._clock = clock
        self._output = output
        self.lines = []

    def __call__(self, source: str, text: str) -> None:
        """Keep and print one line. Never a key, never a person's data."""
        ms = self._clock.us() // 1000
        line = "# %d.%03d %s: %s" % (ms // 1000, ms % 1000, source, text)
        if len(self.lines) >= _KEPT:
            self.lines.pop(0)
        self.lines.append(line)
        self._output.line(line)


class Output:
    """Standard output as a queue of lines, pumped when the port takes bytes.

    attached() -> bool: without a USB host nothing is kept.
    """

    def __init__(self, attached, out=None, poller=None):
        self._out: "Writable" = out or getattr(sys.stdout, "buffer")  # noqa: B009
        if poller is None:
            poller = select.poll()
            poller.register(sys.stdout, select.POLLOUT)
        self._poller = poller
        self._attached = attached
        self._waiting = []
        self._wake = asyncio.Event()
        self._byte = bytearray(1)
        self.dropped = 0

    def line(self, text: str) -> None:
        """Queue one line."""
        self.write(text + "\r\n")

    def write(self, text: str) -> None:
        """Queue text as it is."""
        if not self._attached():
            return
        if len(self._waiting) >= _WAITING:
            self._waiting.pop(0)
            self.dropped += 1
        self._waiting.append(text.encode())
        self._wake.set()

    async def run(self) -> None:
        """Write what is queued, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                data = self._waiting.pop(0)
                if self.dropped:
                    data = (
                        b"# log: %d lines lost, the host did not read the port\r\n" % self.dropped
                        + data
                    )
                    self.dropped = 0
                await self._send(data)

    def _room(self):
        for _ in self._poller.ipoll(0):
            return True
        return False

    async def _send(self, data):
        byte, write = self._byte, self._out.write
        for at in range(len(data)):
            pause_ms = 1
            while not self._room():
                await asyncio.sleep_ms(pause_ms)
                pause_ms = min(pause_ms * 2, _LONGEST_PAUSE_MS)
            byte[0] = data[at]
            write(byte)
            if at % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep_ms(0)

    def flush(self) -> None:
        """Send what the port takes now, for the moment before a reset or the prompt."""
        for data in self._waiting:
            for one in data:
                if not self._room():
                    return
                self._byte[0] = one
                self._out.write(self._byte)
        self._waiting = []
