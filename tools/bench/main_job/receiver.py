"""A backend as the city would write one: takes webhooks, verifies each signature, keeps what came.

It is a client of the gateway, not a part of it: it relies on Standard Webhooks and CloudEvents
alone.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

CloudEvent = dict[str, Any]


class Receiver:
    """HTTP endpoint on loopback that accepts signed CloudEvents.

    `events` holds each event once, in order of arrival; `refused` the reasons of those that failed
    verification; `repeated` the ids that came again (at-least-once allows it); `unordered` the ids
    that came behind a later event of the same device (ordered delivery forbids it). `answer` is
    the HTTP status given: set it to 500 to fail; `failed` counts how often it was not 2xx.
    """

    def __init__(self) -> None:
        self.secret = ""
        self.answer = 200
        self.events: list[CloudEvent] = []
        self.refused: list[str] = []
        self.failed = 0
        self.repeated: list[str] = []
        self.unordered: list[str] = []
        self._seen: set[str] = set()
        self._last: dict[str, int] = defaultdict(lambda: -1)
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/events", self._post)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/events"
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            Webhook(self.secret).verify(
                body.decode(), {k.lower(): v for k, v in request.headers.items()}
            )
        except (WebhookVerificationError, ValueError) as error:
            self.refused.append(str(error))
            return web.Response(status=401, text="the signature does not verify")
        if self.answer >= 300:
            self.failed += 1
            return web.Response(status=self.answer)
        await self._keep(json.loads(body))
        return web.Response(status=self.answer)

    async def _keep(self, event: CloudEvent) -> None:
        if event["id"] in self._seen:
            self.repeated.append(event["id"])
            return
        self._seen.add(event["id"])
        subject, sequence = event.get("subject", ""), int(event.get("sequence", 0))
        if sequence <= self._last[subject]:
            self.unordered.append(event["id"])
        self._last[subject] = max(self._last[subject], sequence)
        self.events.append(event)
        async with self._changed:
            self._changed.notify_all()

    async def matching(
        self, wanted: Callable[[CloudEvent], bool], since: int = 0
    ) -> AsyncIterator[CloudEvent]:
        """Every event from number `since` on that satisfies `wanted`, then those that come."""
        index = since
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda at=index: len(self.events) > at)
            while index < len(self.events):
                index += 1
                if wanted(self.events[index - 1]):
                    yield self.events[index - 1]

    async def event(
        self, kind: str, within_s: float = 60.0, *, since: int = 0, **data: Any
    ) -> CloudEvent:
        """The first `lamplighter.<kind>.v1` from number `since` on whose `data` has these values.

        Raises TimeoutError that lists what did come.
        """

        def wanted(event: CloudEvent) -> bool:
            same = all(event["data"].get(key) == value for key, value in data.items())
            return event["type"] == f"lamplighter.{kind}.v1" and same

        try:
            async with asyncio.timeout(within_s):
                async for event in self.matching(wanted, since):
                    return event
        except TimeoutError:
            came = "\n".join(
                f"  {e['type']} {e.get('subject')} {e['data']}" for e in self.events[-40:]
            )
            raise TimeoutError(
                f"no {kind} event with {data} within {within_s} s; what came:\n{came}"
            ) from None
        raise AssertionError("unreachable: matching() never ends")
