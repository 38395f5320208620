"""A network server and a lamp that do what the real ones may, for the model of commands.

Emulated: both. The lamp knows the tokens that it did, as `firmware/node/commands.py`; what it did
is counted here, whatever the gateway hears of it.
"""

from collections import Counter

from wire.commands import unpack_command

from gateway.model import Device
from gateway.networks import virtual
from gateway.notices import Answered, Envelope, Joined, Transmitted, Trouble
from gateway.tests.unit.command_bench import Bench

KEPT = 16
"""`_KEPT` of firmware/node/commands.py."""
UNKNOWN_TIME = 7
"""The reason `clock_unknown` of wire.words.REASONS."""


class Lamp:
    """Does what a frame asks, once, and says so.

    done: {token: how often}.  clock: it knows the time.
    """

    def __init__(self):
        self.known = []
        self.done = Counter()
        self.clock = True

    def take(self, data, fport, now_s):
        """(token, result, reason) of a frame."""
        _, values = unpack_command(fport, data)
        token = values["token"]
        for known in self.known:
            if known[0] == token:
                return known
        if not self.clock:
            return (token, "refused", UNKNOWN_TIME)
        result = "expired" if now_s > values["expires"] else "applied"
        if result == "applied":
            self.done[token] += 1
        self.known = [*self.known, (token, result, 0)][-KEPT:]
        return self.known[-1]


class Dies(BaseException):
    """The gateway's process ends."""


class World(Bench):
    """A bench whose network server loses replies, and may end the gateway at its call.

    dies: "" | "before" | "after" the next call.  lamps: the lamp by DevEUI.
    """

    def __init__(self):
        super().__init__()
        self.dies = ""
        self.serial = 0
        self.network.send = self.sending(self.network.send)
        self.begin()

    def begin(self):
        """Another lamp, at which nothing has happened."""
        self.serial += 1
        self.device = Device(f"{self.serial:016x}", f"lamp {self.serial}", "lamp", "00", "C", 1)
        self.lamp = Lamp()
        self.reports = []
        self.dies = ""
        network = self.network
        network.queue, network.failures, network.away = {}, [], None
        network.sent.clear()
        network.unacknowledged.clear()
        network.history.clear()
        network.reconnect()

    def sending(self, send):
        async def sends(downlink):
            dies, self.dies = self.dies, ""
            if dies == "before":
                raise Dies
            receipt = await send(downlink)
            if dies == "after":
                raise Dies
            return virtual.Receipt(receipt.queue_item_id)

        return sends

    async def live(self, seconds):
        """Time passes; a process that ends is started again."""
        self.now_ms += int(seconds * 1000)
        try:
            await self.commands.step()
        except Dies:
            self.restart()
        await self.recalled()

    async def recalled(self):
        """Take in what the network server gave again."""
        for _, body in list(self.network.unacknowledged):
            await self.take(self.network.parse(Envelope("", body, lambda: None)))
        self.network.unacknowledged.clear()

    async def noted(self, kind, item, what, **own):
        """The network server publishes something ("heard") and keeps it ("noted"), or not."""
        self.numbered += 1
        notice = kind(
            dev_eui=self.device.dev_eui, id=f"n-{self.numbered}", at_ms=self.now_ms,
            queue_item_id=item, **own,
        )  # fmt: skip
        if "noted" in what:
            self.network.history.append(notice)
        if "heard" in what:
            await self.take(notice)

    async def transmit(self, what):
        """The network server's next frame goes out, or is dropped as too late.

        what: of "heard", "noted" (see `noted`), "reaches" (the lamp gets it) and "answers" (the
        lamp's report comes).
        """
        queue = self.network.queue
        if not queue:
            return
        item = next(iter(queue))
        frame = queue.pop(item)
        if self.now_ms > frame.expires_at_ms:
            own = {"code": "EXPIRED", "description": "", "dropped": True}
            await self.noted(Trouble, item, what, **own)
            return
        await self.noted(Transmitted, item, what)
        if "reaches" not in what:
            await self.noted(Answered, item, what, acknowledged=False)
            return
        report = self.lamp.take(frame.data, frame.fport, self.now_ms // 1000)
        self.reports.append(report)
        if "answers" in what:
            await self.again(len(self.reports) - 1)

    async def again(self, number):
        """A report comes, perhaps once more."""
        if self.reports:
            token, result, reason = self.reports[number % len(self.reports)]
            await self.report(token, result, reason, dev_eui=self.device.dev_eui)

    async def join(self, *, flushes):
        if flushes:
            self.network.queue.clear()
        self.numbered += 1
        own = {"dev_eui": self.device.dev_eui, "id": f"n-{self.numbered}", "at_ms": self.now_ms}
        await self.take(Joined(dev_addr=f"{self.numbered:08x}", **own))
