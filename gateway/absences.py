"""Notices devices that somebody deleted at the network server, which drops their frames silently.

Looked for in turns, and when the network server refuses a command because of it. It is a trouble
of the device, with one event, until the network server has the device again.
"""

import asyncio
from collections.abc import Sequence

import structlog

from gateway import troubles
from gateway.clock import Clock, wall_ms
from gateway.errors import GatewayError
from gateway.model import Device
from gateway.networks import Network
from gateway.seen import Seen
from gateway.store import Store, Transaction

LOOK_S = 600.0
"""How often the network server is asked for the devices."""
AGAIN_S = 60.0
"""How soon again when it did not answer."""

log = structlog.get_logger("gateway.absences")


class Absences:
    """Asks the network server, again and again, whether it has the registered devices."""

    def __init__(self, store: Store, network: Network, clock: Clock = wall_ms) -> None:
        self._store = store
        self._network = network
        self._clock = clock

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except GatewayError as error:
                log.info("the network server was not asked for its devices", why=str(error))
                await asyncio.sleep(AGAIN_S)
            else:
                await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once. Raises what the network server or the store raises."""
        devices = await self._store.read(lambda view: view.devices())
        if not devices:
            return
        absent = await self._network.absent([one.dev_eui for one in devices])
        changed = await self._store.read(
            lambda view: [
                one
                for one in devices
                if _is_noted(Seen.load(view.seen(one.dev_eui))) != (one.dev_eui in absent)
            ]
        )
        if changed:
            now_ms = self._clock()
            await self._store.write(lambda tx: _settle(tx, changed, absent, now_ms))


def note(tx: Transaction, device: Device, now_ms: int, description: str = "") -> str:
    """Record that the network server lacks the device; returns a sentence. Makes one event."""
    seen = Seen.load(tx.seen(device.dev_eui))
    if not _is_noted(seen):
        log.warning("device deleted at the network server", dev_eui=device.dev_eui)
        code = troubles.DELETED
        troubles.note(tx, device, seen, code, description=description, now_ms=now_ms)
        tx.put_seen(device.dev_eui, seen.dump())
    return troubles.sentence(troubles.DELETED, description)


def _settle(tx: Transaction, devices: Sequence[Device], absent: set[str], now_ms: int) -> None:
    for device in devices:
        if tx.device(device.dev_eui) is None:  # removed here meanwhile
            continue
        if device.dev_eui in absent:
            note(tx, device, now_ms)
            continue
        seen = Seen.load(tx.seen(device.dev_eui))
        seen.troubles.clear(troubles.DELETED)
        tx.put_seen(device.dev_eui, seen.dump())
        log.info("the network server has the device again", dev_eui=device.dev_eui)


def _is_noted(seen: Seen) -> bool:
    return any(one.code == troubles.DELETED for one in seen.troubles.troubles)
