"""The AT line: a command and its answer, with what comes in between. Source: ITU-T V.250."""

from micropython import const

from node.modems import ModemError

_LONGEST = const(1100)  # a longer line is dropped whole: nothing that we asked for is
_TURN_MS = const(20)


class At:
    """uart: its bytes come as they like. pause: async, lets so many ms pass, watchdog fed."""

    def __init__(self, uart, pause):
        self._uart = uart
        self.pause = pause
        self._rest = b""
        self._skips = False

    def urc(self, line: bytes) -> None:
        """A line that answers nothing that was asked; the family's."""

    def poll(self) -> None:
        """Take in what came by itself."""
        for line in self._lines():
            self.urc(line)

    def _lines(self):
        """Whole lines that came, without the empty ones."""
        count = self._uart.any()
        if count:
            self._rest += self._uart.read(count) or b""
        lines = self._rest.split(b"\n")
        self._rest = lines.pop()
        if self._skips and lines:
            lines.pop(0)
            self._skips = False
        if len(self._rest) > _LONGEST:
            self._rest = b""
            self._skips = True
        found = []
        for line in lines:
            line = line.strip()
            if line and len(line) <= _LONGEST:
                found.append(line)
        return found

    async def ask(self, command: str, ms: int = 5000, data: "bytes | None" = None) -> bytes:
        """What the command answers, b"" for a bare OK. data: sent after the prompt.

        Raises ModemError with the result code; with none when nothing answers in time.
        """
        self.poll()
        name = command[2:].partition("=")[0].partition("?")[0].encode() + b":"
        self._uart.write((command + "\r").encode())
        found = []
        waited = 0
        while waited < ms:
            await self.pause(_TURN_MS)
            waited += _TURN_MS
            if self._ended(name, found):
                return found[-1] if found else b""
            if data is not None and self._rest[:1] == b">":
                self._rest = b""
                self._uart.write(data)
                data = None
        raise ModemError("no answer" if data is None else "no prompt")

    def _ended(self, name, found):
        """Sort what came: the answer into found. Is the result code OK there?"""
        for line in self._lines():
            if line == b"OK":
                return True
            if line == b"ERROR" or line[:10] == b"+CME ERROR":
                raise ModemError(line.decode())
            if line == b"DOWNLOAD":
                self._rest = b">"
            elif line[: len(name)] == name:
                found.append(line[len(name) :].strip())
            elif line[:2] != b"AT":  # the echo
                self.urc(line)
        return False

    async def answers(self, ms: int) -> bool:
        """Does it answer AT within so long?"""
        waited = 0
        while waited < ms:
            try:
                await self.ask("AT", 500)
                return True
            except ModemError:
                waited += 500
        return False

    async def heard(self, what: bytes, ms: int) -> bytes:
        """The next line that begins so, b"" when none came in time."""
        waited = 0
        while waited < ms:
            await self.pause(_TURN_MS)
            waited += _TURN_MS
            for line in self._lines():
                if line[: len(what)] == what:
                    return line
                self.urc(line)
        return b""
