"""Commands over a virtual network and a store in memory: what the tests of commands stand on."""

import contextlib

import msgspec
from wire.codec import frame, pack

from gateway.commands import Commands
from gateway.events import Event
from gateway.intake import Context, take
from gateway.model import Device
from gateway.networks import virtual
from gateway.notices import Envelope, Link, Uplink
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store

LAMP = Device("00000000000000b2", "lamp", "lamp", "00", "C", 1)
BIN = Device("00000000000000a1", "bin", "bin", "00", "A", 1)
START_MS = 1_795_572_000_000
SETTINGS = CommandSettings(attempts=3, answer_s=60, grace_s=30)
RESULT = {"applied": 0, "refused": 1, "expired": 2}


class Bench:
    """Commands over a virtual network and a store in memory, with a clock in our hand."""

    def __init__(self):
        self.store = Store()
        self.network = virtual.Network()
        self.now_ms = START_MS
        self.numbered = 0
        self.restart()

    async def __aenter__(self):
        await self.store.__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self.store.__aexit__(*exc)

    def restart(self):
        self.commands = Commands(self.store, self.network, SETTINGS, lambda: self.now_ms)
        self.context = Context(self.network.most_bytes, SETTINGS)

    async def pass_time(self, seconds):
        self.now_ms += int(seconds * 1000)
        await self.commands.step()

    async def hear(self, kind, item="item-0", dev_eui=LAMP.dev_eui, **own):
        self.numbered += 1
        stamp = {"dev_eui": dev_eui, "id": f"notice-{self.numbered}", "at_ms": self.now_ms}
        notice = kind(**stamp, queue_item_id=item, **own)
        await self.take(notice)

    async def take(self, notice):
        envelope = Envelope("", b"", lambda: None)
        await self.store.write(lambda tx: take(tx, self.context, envelope, notice, self.now_ms))

    async def heard_at(self, device, dr):
        """An uplink of MAC commands alone, at this data rate."""
        own = {"dev_eui": device.dev_eui, "dev_addr": "01", "at_ms": self.now_ms}
        await self.take(Uplink(id="up", fcnt=1, fport=0, data=b"", link=Link(dr=dr), **own))

    async def report(self, token, result="applied", reason=0, dev_eui=LAMP.dev_eui, **values):
        fields = {"token": token, "result": RESULT[result], "reason": reason, "config_version": 7}
        self.numbered += 1
        await self.take(
            Uplink(
                dev_eui=dev_eui,
                id=f"up-{self.numbered}",
                at_ms=self.now_ms,
                dev_addr="01",
                fcnt=self.numbered,
                fport=21,
                data=frame([pack("applied", fields | values)]),
            )
        )

    async def command(self, command_id):
        found = await self.store.read(lambda view: view.command(command_id))
        assert found
        return found

    async def states(self, command_id):
        entries = await self.store.read(lambda view: view.events(kind="command", limit=1000))
        events = [msgspec.json.decode(one.body, type=Event) for one in entries]
        return [one.data["state"] for one in events if one.data["id"] == command_id]


@contextlib.asynccontextmanager
async def begun():
    """A bench with a lamp and a bin."""
    async with Bench() as made:
        for device in (LAMP, BIN):
            await made.store.write(lambda tx, device=device: tx.add_device(device))
        yield made


async def dim(bench, level=40, expires_in_s=600):
    return await bench.commands.request(LAMP.dev_eui, "dim", {"level": level}, expires_in_s)


async def resend(bench, first=1, expires_in_s=600):
    values = {"first": first, "count": 1}
    return await bench.commands.request(LAMP.dev_eui, "resend", values, expires_in_s)
