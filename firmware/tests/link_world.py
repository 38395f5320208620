"""What a link needs of a node, over the real MAC, journal and outbox in a fake world."""

import asyncio

from tests.fake_device import Log, folder
from tests.fake_network import APP_KEY, DEV_EUI, JOIN_EUI, World

# isort: split
from node.journal import Journal
from node.links.lorawan import Link
from node.outbox import Outbox
from node.store import Store
from wire import codec, decoding


class Config(dict):
    """Settings of a device that is known to the world's server."""

    boots = 3


class Power:
    """Supply of a sleeper whose board measures none."""

    sleeper = True

    def battery_mv(self):
        return None


class LinkWorld:
    """What a link needs of a node, in the fake world; `acks`: does the server acknowledge?"""

    def __init__(self, every=4):
        self.world = world = World()
        self.path = folder()
        self.clock, self.log, self.store = world.clock, Log(), world.store
        self.clock.uptime_s = lambda: self.clock.now // 1000000
        self.clock.unix = lambda: 0
        self.clock.set_unix = lambda unix_us, at_us, error_ms: None
        world.radio.random = world.random
        world.radio.window_in_ms = lambda: 1 << 29
        self.journal = Journal(Store(self.path + "/state"), self.path + "/journal")
        self.config = Config(
            dev_eui=DEV_EUI.hex(), join_eui=JOIN_EUI.hex(), app_key=APP_KEY.hex(),
            region="eu868", confirm_every=every, report_s=600, repeat=0,
        )  # fmt: skip
        self.power = Power()
        self.lock = asyncio.Lock()
        self.inbox = []
        self.due_us = 0
        self.spread_s = 0
        self.answers = 0
        self.outbox = Outbox(self.journal, self.config, self.clock, self.gap)
        self.link = Link(self, world.radio)
        self.acks = True
        world.server.reply = self._reply

    async def gap(self, _ms):
        pass

    def received(self, fport, data):
        self.inbox.append((fport, data))

    def heard(self):
        self.answers += 1

    def _reply(self, uplink):
        asks = uplink[5] or uplink[1] & 0x40  # confirmed, or ADRACKReq
        return {"ack": uplink[5]} if asks and self.acks else None

    def read(self, count=1):
        for _ in range(count):
            fields = {"seq": self.journal.next_seq, "age": 0, "valid": 7}
            fields.update(dict.fromkeys(("obstructed", "suspect", "low_battery"), 0))
            fields["uncalibrated"] = 0
            data = codec.pack("bin", fields)
            self.journal.add(3, self.clock.uptime_s(), 0, 10, data)

    async def send_all(self):
        """Everything that waits, in the time it takes."""
        while True:
            wait_us = self.link.wait_us()
            if wait_us is None:
                return
            await self.clock.sleep_until_us(self.clock.now + wait_us)
            if self.link.wait_us() == 0:
                await self.link.run_once()

    async def live(self, until_s, period_s=600):
        """Read and talk as a node does."""
        while self.clock.now < until_s * 1000000:
            if self.clock.now >= self.due_us:
                self.read(1)
                self.due_us += period_s * 1000000
            wait_us = self.link.wait_us()
            while wait_us == 0:
                await self.link.run_once()
                wait_us = self.link.wait_us()
            next_us = self.due_us if wait_us is None else self.clock.now + wait_us
            await self.clock.sleep_until_us(min(next_us, self.due_us, until_s * 1000000))

    def uplinks(self):
        """(port, sequence numbers, confirmed) of what the server took."""
        found = []
        for _, _, _, fport, payload, confirmed in self.world.server.uplinks:
            seqs = None
            if fport == 10:
                seqs = [one["seq"] for one in decoding.unpack(10, payload)[1]]
            found.append((fport, seqs, confirmed))
        return found
