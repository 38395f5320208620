"""Readings of a device that is not there, for whoever writes a backend and has no radio.

They take the way of real ones: from the virtual network through ingest into the store, whose
events a running service delivers.
"""

import asyncio
import secrets
from collections.abc import Callable

from gateway.clock import wall_ms
from gateway.ingest import Ingest
from gateway.model import Device
from gateway.networks.virtual import Network
from gateway.notices import Joined, Link, Uplink
from gateway.settings import CommandSettings
from gateway.store import Store

LINK = Link(rssi_dbm=-97, snr_db=7.5, dr=5, gateway="simulated")


async def run(
    store: Store,
    device: Device,
    frames: Callable[[], tuple[int, bytes]],
    *,
    every_s: float,
    count: int | None,
    stop: asyncio.Event,
) -> int:
    """Join, then send a reading every so often until `count` or `stop`; returns how many.

    Each reading is in the store before the next is sent.
    """
    network = Network()
    ingest = Ingest(store, network, CommandSettings())
    address = secrets.token_hex(4)
    eui = device.dev_eui
    network.give(Joined(id=f"{address} join", at_ms=wall_ms(), dev_eui=eui, dev_addr=address))
    batches = network.uplinks()
    sent = 0
    while not stop.is_set() and sent != count:
        fport, data = frames()
        network.give(
            Uplink(
                id=f"{address} {sent}",
                at_ms=wall_ms(),
                dev_eui=eui,
                dev_addr=address,
                fcnt=sent,
                fport=fport,
                data=data,
                link=LINK,
            )
        )
        await ingest.commit(await anext(batches))
        sent += 1
        if sent != count:
            await _pause(stop, every_s)
    return sent


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, or until `stop` is set."""
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
