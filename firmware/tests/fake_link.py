"""A link that hands frames over at once, for tests of what a node does around any link.

It keeps the contract of `node.links` without hardware: `frames` are those that arrived,
`downlinks` (port, bytes) are delivered one with each answer. `up` is the far end: while it is
down, connecting fails and frames are not acknowledged; the next of the `tries` is a second later.
"""

from node.errors import ConsoleError

NEEDED = ("name",)
_RETRY_US = 1000000


class Link:
    """`listens` counts calls of `listen`; `fail` makes the next `run_once` raise OSError."""

    room = 51
    up = True

    def __init__(self, node):
        self._node = node
        self.ready = False
        self.broken = False
        self.fail = False
        self.frames = []
        self.downlinks = []
        self.listens = 0
        self.tries = 0
        self._next_us = 0

    def wait_us(self):
        """A failed try waits a second; connected, only what waits is sent."""
        if self.ready and self._node.outbox.empty():
            return None
        return max(0, self._next_us - self._node.clock.us())

    async def run_once(self):
        """Connect, or hand over one frame."""
        if self.fail:
            self.fail = False
            raise OSError("fake_link: pulled")
        async with self._node.lock:
            if not self.ready:
                self.ready = self.up
                self._rest()
                return "connect"
            frame = await self._node.outbox.next(self.room)
            if frame:
                self._hand_over(frame)
            return "report"

    def _hand_over(self, frame):
        if self.up:
            self.frames.append(frame)
            self._node.heard()
            if self.downlinks:
                self._node.received(*self.downlinks.pop(0))
        self._node.outbox.done(self.up and frame[2])
        self._rest()

    def _rest(self):
        if not self.up:
            self.tries += 1
            self._next_us = self._node.clock.us() + _RETRY_US

    def listen(self):
        """Nothing to start."""
        self.broken = False
        self.listens += 1

    def facts(self):
        """How many frames arrived."""
        return [("handed_over", len(self.frames))]

    @staticmethod
    def console():
        """One command."""
        return (("pull", _pull, "pull", "pull the plug"),)


async def _pull(node, words):
    if words:
        raise ConsoleError("pull takes no words", "type pull")
    node.need_link().up = False
    return [("up", False)]
