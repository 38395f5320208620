"""Frames that a device sent and whose events did not come, from the server's own last events.

A hole in a device's FCnt is looked up there, once the events that merely overtook each other have
had their time; what is found goes the way of any other event.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import aclosing

import structlog

from gateway.networks._task import ended
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.stored import IDLE_S, items, nothing
from gateway.notices import Envelope, Uplink

SETTLE_S = 5.0
"""Events may overtake each other for so long."""
WIDEST = 10
"""A longer hole has only its end there."""
DEVICES_MOST = 20_000
"""Devices whose last FCnt is known here."""
WAITING_MOST = 1000
"""Devices with a hole at a time: more are an outage, after which each sends what it kept."""

log = structlog.get_logger("gateway.chirpstack")


class Holes:
    """Notes each uplink; an async context manager that looks up holes while entered."""

    def __init__(
        self,
        calls: Calls,
        give: Callable[[Sequence[Envelope]], None],
        settle_s: float = SETTLE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self._calls = calls
        self._give = give
        self._settle_s = settle_s
        self._idle_s = idle_s
        self._last: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._missing: dict[str, set[int]] = {}
        self._wanted: asyncio.Queue[tuple[float, str, str]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def __aexit__(self, *exc: object) -> None:
        await ended(self._task)
        self._task = None

    def saw(self, uplink: Uplink, topic: str) -> None:
        """An uplink came. topic: its."""
        of = uplink.dev_eui
        address, last = self._last.get(of, ("", -1))
        known = bool(address) and address == uplink.dev_addr
        if not known or uplink.fcnt > last:
            self._last[of] = (uplink.dev_addr, uplink.fcnt)
            self._last.move_to_end(of)
            if len(self._last) > DEVICES_MOST:
                self._last.popitem(last=False)
        self._missing.get(of, set[int]()).discard(uplink.fcnt)
        hole = range(max(last + 1, uplink.fcnt - WIDEST), uplink.fcnt)
        if known and hole and self._task:
            self._want(of, topic, hole)

    def _want(self, of: str, topic: str, hole: range) -> None:
        if of in self._missing:
            self._missing[of].update(hole)
        elif len(self._missing) < WAITING_MOST:
            self._missing[of] = set(hole)
            due = asyncio.get_running_loop().time() + self._settle_s
            self._wanted.put_nowait((due, of, topic))

    async def _run(self) -> None:
        while True:
            due, dev_eui, topic = await self._wanted.get()
            await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0))
            if self._missing[dev_eui]:
                await self._fill(dev_eui, topic)
            del self._missing[dev_eui]

    async def _fill(self, dev_eui: str, topic: str) -> None:
        """Give the events of the hole that the server still has."""
        found: list[Envelope] = []
        missing = self._missing[dev_eui]
        async with aclosing(items(self._calls, dev_eui, self._idle_s)) as stored:
            async for item in stored:
                fcnt = item.properties.get("FCnt", "")
                if item.description == "up" and fcnt.isdigit() and int(fcnt) in missing:
                    missing.discard(int(fcnt))
                    found.append(Envelope(topic, item.body.encode(), nothing))
                if not missing:
                    break
        if found:
            log.info("frames found at the network server", dev_eui=dev_eui, count=len(found))
            self._give(found)
