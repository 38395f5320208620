"""The keys of a terminal: edit a line with the cursor, and go back to older lines.

Loaded by `node.console` with the first key. Keys are those of an ANSI terminal (ECMA-48, 8.4) in
UTF-8: characters, arrows, Home, End, Backspace, Ctrl-U. All else is ignored, invalid UTF-8 too.
"""

from micropython import const

from node.config import SECRET

_LONGEST = const(200)
_KEPT = const(8)
_CLEAR = const(21)  # Ctrl-U
_ESCAPE = const(27)
_UP = const(65)  # what ends the escape sequence of a key
_DOWN = const(66)
_RIGHT = const(67)
_LEFT = const(68)
_END = const(70)
_HOME = const(72)


class Terminal:
    """`take` each byte. Lines go to `node.shell`; `output` echoes."""

    def __init__(self, node, output):
        self._node = node
        self._output = output
        self.line = ""
        self._at = 0  # the cursor, in characters
        self._older = []  # lines carried out, the newest last
        self._back = 0  # how many lines back the shown one is
        self._begun = b""  # a character that is not complete
        self._sequence = 0  # bytes since ESC, itself included; 0: in none
        self._last = 0

    async def take(self, byte: int) -> None:
        """One byte typed."""
        before, self._last = self._last, byte
        if self._in_sequence(byte):
            return
        line = self.line
        at = self._at
        if byte in (10, 13):
            if byte == 13 or before != 13:
                await self._enter()
        elif byte in (8, 127):
            if at:
                self._show(line[: at - 1] + line[at:], at - 1, at - 1)
        elif byte == _CLEAR:
            self._show("", 0, 0)
        elif byte >= 32 and len(line) <= _LONGEST:
            self._type(byte)

    def _in_sequence(self, byte):
        """Take ESC and what follows it up to its last byte; False for all others."""
        count = self._sequence
        if byte == _ESCAPE:
            self._sequence = 1
        elif count == 1:
            self._sequence = 2 if byte in b"[O" else 0
        elif count and 64 <= byte < 127:
            self._sequence = 0
            self._press(byte)
        return self._sequence or count > 1

    def _press(self, key):
        back = self._back
        if key == _UP and back < len(self._older):
            self._recall(back + 1)
        elif key == _DOWN and back:
            self._recall(back - 1)
        else:
            at = self._at
            length = len(self.line)
            at = {_HOME: 0, _END: length, _LEFT: at - 1, _RIGHT: at + 1}.get(key, at)
            self._go(max(0, min(length, at)))

    def _recall(self, back):
        self._back = back
        line = self._older[-back] if back else ""
        self._show(line, len(line), 0)

    def _type(self, byte):
        self._begun = (b"" if byte >= 0xC0 else self._begun[-3:]) + bytes((byte,))
        try:
            text = (self._begun if byte > 127 else bytes((byte,))).decode()
        except ValueError:  # UnicodeError: more bytes follow
            return
        self._begun = b""
        at = self._at
        self._show(self.line[:at] + text + self.line[at:], at + 1, at)

    def _go(self, at):
        """Move the cursor."""
        self._output.write(self.line[self._at : at] or "\x08" * (self._at - at))
        self._at = at

    def _show(self, line, at, same):
        """Show another line whose first `same` characters are shown already; cursor at `at`."""
        self._go(same)
        gone = max(0, len(self.line) - len(line))
        back = len(line) + gone - at
        self._output.write(line[same:] + " " * gone + "\x08" * back)
        self.line = line
        self._at = at

    async def _enter(self):
        line = self.line
        self.line = ""
        self._at = self._back = 0
        self._output.write("\r\n")
        if len(line) > _LONGEST:
            self._output.line("error: the line is longer than %d characters" % _LONGEST)
            self._output.line("next:  type help")
        elif line.strip():
            self._keep(line)
            for one in await self._node.shell(line):
                self._output.line(one)
        self._output.write("> ")

    def _keep(self, line):
        """For the arrow keys; never a line that may hold a key."""
        low = line.lower()
        if line not in self._older[-1:] and not [name for name in SECRET if name in low]:
            self._older = self._older[1 - _KEPT :] + [line]
