"""What is wrong with the messages of a network server, beside its connection.

A message that nobody can read is kept, but a run of them is one trouble with one cause; and no
message at all is one where the API shows that devices are active.
"""

import structlog

UNREADABLE = 3
"""So many unreadable messages in a row are no accident."""

log = structlog.get_logger("gateway.network")


class Watch:
    """Notes each message, and what each look at the API shows."""

    def __init__(self) -> None:
        self._messages = 0
        self._unread = 0
        self._seen_ms: int | None = None
        self._at_look = 0
        self._said: dict[str, str] = {}

    def read(self) -> None:
        """A message of ours was read."""
        self._messages += 1
        self._unread = 0
        self.settle("unreadable")
        self.settle("silent")

    def unread(self, reason: str) -> None:
        """A message could not be read."""
        self._messages += 1
        self._unread += 1
        if self._unread >= UNREADABLE:
            self.say("unreadable", f"the last messages could not be read: {reason}")

    def newer(self, seen_ms: int) -> bool:
        """Whether a device was active since the look before. seen_ms: of the API, its clock."""
        before = self._seen_ms
        self._seen_ms = seen_ms
        return before is not None and seen_ms > before

    @property
    def quiet(self) -> bool:
        """Whether no message came since the last `mark`."""
        return self._messages == self._at_look

    def mark(self) -> None:
        """The look is over."""
        self._at_look = self._messages

    def say(self, what: str, sentence: str) -> None:
        """Note a trouble under a name; it is logged where it is new."""
        if self._said.get(what) != sentence:
            self._said[what] = sentence
            log.warning("something is wrong at the network server", what=what, said=sentence)

    def settle(self, what: str) -> None:
        """A trouble is over."""
        if self._said.pop(what, ""):
            log.info("over", what=what)

    def troubles(self) -> list[str]:
        """What is wrong now, each with who acts next."""
        return list(self._said.values())
