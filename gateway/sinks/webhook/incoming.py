"""The reply to one request, read from the bytes of a connection.

The status counts as soon as its line is there, whatever the rest of the reply does: a backend that
answered 2xx took the event, even if its library then sends a header that is too long, two lengths,
or a body that breaks off or never ends. So the status has a rule of its own, and httptools decides
only where a reply ends and whether another request may follow it on the same connection.
Source: RFC 9112, 4 (status line), 6.3 (length), 9.3 (persistence); RFC 9110, 15.2 (interim).
"""

import re

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

REPLY_BYTES = 64 * 1024
"""What is read of a reply; then the connection is closed."""
SHOWN_BYTES = 200
_LINE = re.compile(rb"(?:\r?\n)*HTTP/1\.[01] ([1-9]\d\d)(?=[ \r\n])", re.ASCII)
_OTHER = re.compile(rb"(?:\r?\n)*(?!HTTP/1\.[01] 1\d\d[ \r\n])[^\r\n]+[\r\n]", re.ASCII)
_END = re.compile(rb"\r?\n\r?\n")
_RETRY_AFTER = re.compile(rb"\nretry-after:[ \t]*([^\r\n]*)", re.IGNORECASE)


class Incoming:
    """The replies of one connection, one after another.

    status: the final one, 0 while none came.  begun: whether a byte came.  ended: nothing more is
    waited for.  reusable: it ended as it should, and the connection can serve another request.
    """

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._broken = False
        self.expect()

    def expect(self) -> None:
        """A request was sent: what comes from now on is its reply."""
        self.status = 0
        self.begun = self.ended = self.reusable = False
        self._head = bytearray()
        self._at = 0  # where the next status line begins in it, or the final one ends
        self._searched = 0
        self._size = 0
        self._said = b""

    def feed(self, data: bytes) -> None:
        """Bytes came."""
        self.begun = True
        self._size += len(data)
        if not self.succeeded:
            self._head += data
            self.status = self.status or self._final_status()
        try:
            if not self._broken:
                self._parser.feed_data(data)
        except HttpParserError:
            self._broken = True
        except HttpParserUpgrade:
            self._stop()
        last = self._broken if self.status else self._is_none()
        if last or self._size > REPLY_BYTES:
            self._stop()

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def said(self) -> str:
        """The beginning of its body as one line of printable text."""
        text = " ".join(self._said.decode(errors="replace").split())
        return "".join(char if char.isprintable() else "?" for char in text)

    @property
    def retry_after(self) -> str:
        """The value of its Retry-After, empty when there is none. Not kept with a 2xx."""
        end = _END.search(self._head, self._at)
        found = _RETRY_AFTER.search(self._head, self._at, end.start() if end else len(self._head))
        return found[1].decode("latin-1").strip() if found else ""

    def on_message_begin(self) -> None:
        """Called by the parser: a status line begins; one that nobody asked for ends the reuse."""
        self.reusable = False

    def on_body(self, data: bytes) -> None:
        """Called by the parser: a part of the body, without the chunks' framing."""
        if not self.ended and len(self._said) < SHOWN_BYTES:
            self._said = (self._said + data)[:SHOWN_BYTES]

    def on_message_complete(self) -> None:
        """Called by the parser: a response ended, perhaps an interim one."""
        if self._parser.get_status_code() >= 200:
            self.reusable = not self.ended and self.status > 0 and self._parser.should_keep_alive()
            self.ended = True

    def _stop(self) -> None:
        self.ended = True
        self.reusable = False

    def _is_none(self) -> bool:
        """Whether no status can come any more: a line stands in its place."""
        return _OTHER.match(self._head, self._at) is not None

    def _final_status(self) -> int:
        """The status of the first response that is not interim; 0: it is not there yet."""
        while line := _LINE.match(self._head, self._at):
            status = int(line[1])
            if status >= 200:
                self._at = line.end()
                return status
            end = _END.search(self._head, max(line.end(), self._searched - 3))
            if end is None:
                self._searched = len(self._head)
                return 0
            self._at = end.end()
        return 0
