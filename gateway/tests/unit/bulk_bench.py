"""Bulks over a virtual network and a store in memory, with a clock in our hand."""

import contextlib

from gateway import bulks
from gateway.bulk_trial import Request, trial
from gateway.bulks import Bulks
from gateway.model import Device
from gateway.plans import Bulk, Selection
from gateway.settings import CommandSettings, LimitSettings
from gateway.tests.unit import command_bench

OAK = "street=Oak"
LAMPS = tuple(
    Device(f"00000000000000b{n}", f"lamp {n}", "lamp", "00", "C", 1, tags=(OAK, "class=P4"))
    for n in range(1, 6)
)
IN_OAK = Device("00000000000000a1", "bin", "bin", "00", "A", 1, tags=(OAK,))


class Bench(command_bench.Bench):
    """Also begins bulks and lets them go on. limits: of LimitSettings."""

    def __init__(self, airtime=0.1, **limits):
        self.settings = CommandSettings(airtime=airtime, limits=LimitSettings(**limits))
        super().__init__()

    def restart(self):
        super().restart()
        self.commands.settings = self.settings
        self.bulks = Bulks(self.store, self.network, self.settings, lambda: self.now_ms)

    def asked(self, level=40, tags=(OAK,), name="dim", values=None, **own):
        parts = (values if values is not None else {"level": level},)
        selection = Selection(tags=tags) if tags else own.pop("selection")
        own = {"who": "anna", "name": name, "parts": parts, "selection": selection} | own
        return Request(**own)

    async def begin(self, request=None, **own):
        request = request or self.asked(**own)
        return await self.store.write(
            lambda tx: bulks.begin(tx, request, self.settings, "EU868", self.now_ms)
        )

    async def trial(self, **own):
        return await self.store.read(
            lambda view: trial(view, self.asked(**own), self.settings, "EU868", self.now_ms)
        )

    async def pass_time(self, seconds):
        self.now_ms += int(seconds * 1000)
        await self.bulks.step()
        await self.commands.step()

    async def until_asked(self, bulk):
        for _ in range(200):
            await self.pass_time(1)
            if (await self.bulk(bulk)).state != "running":
                return
        raise AssertionError("the bulk did not end")

    async def bulk(self, bulk):
        found = await self.store.read(lambda view: view.plan(Bulk, bulk.id))
        assert found
        return found

    async def results(self, bulk):
        def question(view):
            now = view.plan(Bulk, bulk.id)
            found = bulks.commands_of(view, now)
            return {eui: bulks.result(now, eui, one)[0] for eui, one in found.items()}

        return await self.store.read(question)

    async def all_commands(self):
        return await self.store.read(lambda view: view.commands(limit=1000))


@contextlib.asynccontextmanager
async def begun(**own):
    """A bench with five lamps and a bin in one street."""
    async with Bench(**own) as made:
        for device in (*LAMPS, IN_OAK):
            await made.store.write(lambda tx, device=device: tx.add_device(device))
        yield made
