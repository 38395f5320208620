"""The last events of each device, for `StreamDeviceEvents`: stored ones first, then new ones."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator

from chirpstack_api import api

from tools.bench.network.events import Event, properties, timestamp

KEPT = 10
"""Events kept a device. Source: ChirpStack 4.20.0, `per_device_event_log_max_history`."""


class History:
    """Stored in memory; a reader that falls behind loses the oldest, as in ChirpStack."""

    def __init__(self) -> None:
        self._items: dict[str, deque[api.LogItem]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._grown: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._last = (0, 0)

    def add(self, event: Event, now_us: int) -> None:
        """Remember an event."""
        ms = now_us // 1000
        self._last = (ms, self._last[1] + 1 if ms == self._last[0] else 0)
        item = api.LogItem(
            id=f"{self._last[0]}-{self._last[1]}",
            time=timestamp(now_us),
            description=event.kind,
            body=event.json().decode(),
            properties=properties(event),
        )
        self._items[event.dev_eui].append(item)
        self._grown[event.dev_eui].set()
        del self._grown[event.dev_eui]

    async def follow(self, dev_eui: str) -> AsyncIterator[api.LogItem]:
        """Every stored event of a device, then each new one; ends only with its reader."""
        last: tuple[int, int] = (-1, 0)
        while True:
            grown = self._grown[dev_eui]
            for item in list(self._items[dev_eui]):
                ms, number = map(int, item.id.split("-"))
                if (ms, number) > last:
                    last = (ms, number)
                    yield item
            await grown.wait()
