"""Endpoints, and a naive model of what an outbox promises them."""

import asyncio
from collections import Counter, defaultdict, deque

from gateway.errors import Refused, Retry
from gateway.sinks import Gone

POLL_S = 20.0
PATIENCE_S = 15.0
"""Long, so that much is taken and not yet recorded when something happens."""
STEPS_S = (5.0, 60.0, 300.0)
NOTICED_S = 3 * POLL_S
"""By when another process's change is noticed, also where the store refuses a few times."""


class World:
    """An Outlet, and the model: what matched, was tried, refused, taken, replayed.

    Keys are (endpoint, event). other: a Store that shows what is on the disk.  excused: taken, but
    the process could not know or record it.  stopped_s: since when an endpoint is disabled or
    removed.  gone, told: 410s of an endpoint, and events that say that it was disabled for one.
    wrong: what must not have been.
    """

    def __init__(self, other):
        self.other = other
        self.mode = defaultdict(lambda: "takes")
        self.script = defaultdict(deque)
        self.lag_s = 0.0
        self.poison = set()
        self.matched = defaultdict(dict)
        self.stopped_s = {}
        self.replayed = Counter()
        self.excused = Counter()
        self.taken, self.refused, self.tried = Counter(), Counter(), Counter()
        self.gone, self.told = Counter(), Counter()
        self.bodies = {}
        self.under_way = set()
        self.wrong = []

    async def deliver(self, endpoint, events):
        [one] = events
        key, line = (endpoint.id, one.event_id), (endpoint.id, one.subject)
        if line in self.under_way:
            self.wrong.append(("two of a device at a time", key))
        self.under_way.add(line)
        taken = self.taken[key]
        try:
            await self._check(endpoint.id, one)
            await self._answer(endpoint.id, one, key)
        except asyncio.CancelledError:
            self.excused[key] += self.taken[key] - taken
            raise
        finally:
            self.under_way.discard(line)

    async def _check(self, id_, one):
        """What the disk says at the moment of an attempt; and that its bytes never change."""
        now_s = asyncio.get_running_loop().time()
        endpoint, rows, oldest = await self.other.read(
            lambda view: (
                view.endpoint(id_),
                view.deliveries(id_, event_id=one.event_id),
                view.next_deliveries(id_, one.subject, 0, 1),
            )
        )
        if self.bodies.setdefault(one.event_id, one.body) != one.body:
            self.wrong.append(("other bytes", one.event_id))
        if rows[0].state not in ("pending", "withdrawn"):
            self.wrong.append((f"sent though {rows[0].state}", one.event_id))
        early = [row.event_id for row in oldest if row.cursor < one.cursor]
        if early and not self.replayed[id_, early[0]]:
            self.wrong.append(("sent before an earlier one ended", one.event_id, early))
        if endpoint and not endpoint.disabled_reason:
            self.stopped_s.pop(id_, None)
        elif now_s > self.stopped_s.setdefault(id_, now_s) + NOTICED_S:
            self.wrong.append(("sent to a disabled or removed endpoint", one.event_id))

    async def _answer(self, id_, one, key):
        script = self.script[id_]
        mode = script.popleft() if script else self.mode[id_]
        self.tried[key] += 1
        if one.subject in self.poison or mode == "refuses":
            self.refused[key] += 1
            raise Refused("400")
        if mode == "gone":
            self.gone[id_] += 1
            raise Gone("410")
        if mode == "hangs":
            await asyncio.sleep(10)
        if mode != "takes":
            raise Retry("503", after_s=3.0 if mode == "asks for time" else None)
        self.taken[key] += 1
        await asyncio.sleep(self.lag_s)

    def tells(self, event, endpoints):
        """Delivery appends an event of its own: that an endpoint was disabled, to the others."""
        id_ = event["subject"]
        self.told[id_] += 1
        if event["type"] != "lamplighter.disabled.v1" or self.told[id_] > self.gone[id_]:
            self.wrong.append(("told of what was not", event))
        for other in endpoints:
            self.matched[other][event["id"]] = id_

    def check(self, id_, totals, rows, matched):
        """Hold an endpoint's rows and sums to the model. matched: of it, when they were read."""
        assert totals.matched == len(matched) == len(rows)
        states = Counter(row.state for row in rows)
        for name in ("delivered", "pending", "dead", "withdrawn"):
            assert getattr(totals, name) == states[name], (name, totals, states)
        for row in rows:
            key = id_, row.event_id
            assert row.event_id in matched
            assert row.state != "delivered" or self.taken[key]
            spent = self.tried[key] > len(STEPS_S) or self.refused[key] > 2
            assert row.state != "dead" or spent
            assert self.taken[key] <= 1 + self.excused[key] + self.replayed[key], row
