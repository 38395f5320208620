"""Messages of ChirpStack through parsing and ingest into a store in memory."""

import json
from pathlib import Path
from typing import Any

import msgspec

from gateway.events import Event
from gateway.ingest import Ingest
from gateway.model import Device
from gateway.networks import chirpstack
from gateway.notices import Envelope
from gateway.seen import Seen
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store

BIN = Device("8f423af53d6f9bcc", "bin-1", "bin", "00", "A", 1)
DATA = Path(__file__).parents[1] / "data"
NOW_MS = 1_795_741_500_000
"""2026-11-27T01:05:00Z."""


def cases(name):
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]


class Cases:
    """Ingest as it runs beside ChirpStack, given its messages one by one."""

    def __init__(self):
        self.store: Any = Store()
        self.now_ms = NOW_MS
        network = chirpstack.Network(chirpstack.Settings(application="lamplighter"))
        self.ingest = Ingest(self.store, network, CommandSettings(), lambda: self.now_ms)
        self.acknowledged = 0

    async def __aenter__(self):
        await self.store.__aenter__()
        await self.store.write(lambda tx: tx.add_device(BIN))
        return self

    async def __aexit__(self, *exc):
        await self.store.__aexit__(*exc)

    def _acknowledge(self):
        self.acknowledged += 1

    async def give(self, topic, body):
        """Take one message. body: a JSON value or bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.ingest.commit([Envelope(topic, content, self._acknowledge)])

    async def play(self, lines):
        for line in lines:
            self.now_ms = line.get("now_ms", self.now_ms)
            await self.give(line["topic"], line.get("json") or bytes.fromhex(line["hex"]))

    async def events(self, kind=""):
        entries = await self.store.read(lambda view: view.events(kind=kind, limit=1000))
        return [msgspec.json.decode(one.body, type=Event) for one in entries]

    async def seqs(self):
        return [one.data["seq"] for one in await self.events("reading")]

    async def reasons(self):
        return [one.reason for one in await self.store.read(lambda view: view.quarantined())]

    async def seen(self):
        return Seen.load(await self.store.read(lambda view: view.seen(BIN.dev_eui)))
