"""Sends events to an HTTP endpoint: Standard Webhooks signature, body one CloudEvent (structured).

Source: Standard Webhooks 1.0.0; CloudEvents 1.0.2 HTTP binding, structured mode (in binary mode
`type` and `subject` would be headers, which the signature does not cover).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from msgspec import Struct
from standardwebhooks.webhooks import Webhook

from gateway.model import Delivery, Endpoint
from gateway.sinks import Surroundings
from gateway.sinks.webhook.addresses import check_text, check_url, public_socket, written
from gateway.sinks.webhook.receiver import receiver
from gateway.sinks.webhook.reply import beginning, judge, not_reached, retry_after_s
from gateway.sinks.webhook.status import Connector, Exchange, exchange

__all__ = ["REFUSED", "Settings", "Sink", "receiver"]

REFUSED = ("", "backend.example.org/events", "ftp://backend.example.org/", "http://", "http://[x/")


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """None of its own; `timeout_s` and `allow_private` of `[delivery]` hold for it."""


class Sink:
    """Delivers to every endpoint through one connection pool, one request per event.

    The time-out is for the whole exchange, so that a peer that drips bytes cannot hold it longer.
    resolver: of host names; None is the system's.
    """

    target = "an http or https URL"
    signed = True

    def __init__(
        self,
        settings: Settings,  # noqa: ARG002 - every kind of sink is made alike
        surroundings: Surroundings,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._clock = surroundings.clock
        self._timeout_s = surroundings.timeout_s
        self._allow_private = surroundings.allow_private
        self._resolver = resolver
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the connection pool; neither proxies nor cookies nor netrc are used."""
        connector = Connector(
            limit=0,  # the width bounds each endpoint; a hanging one must not use up the pool
            socket_factory=None if self._allow_private else public_socket,
            resolver=self._resolver,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,  # a reply is only shown: no decompression bomb is opened
            timeout=aiohttp.ClientTimeout(total=None),  # `_post` has its own
        )
        self._session = await self._stack.enter_async_context(session)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def check(self, target: str) -> None:
        """See gateway.sinks.Sink."""
        check_text(target)
        check_url(target, allow_private=self._allow_private)

    async def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> None:
        """See gateway.sinks.Sink."""
        self.check(endpoint.url)
        for event in events:
            await self._post(endpoint, event)

    async def _post(self, endpoint: Endpoint, event: Delivery) -> None:
        limit = asyncio.timeout(self._timeout_s)
        seen = Exchange(limit)
        exchange.set(seen)
        said = ""
        try:
            async with limit:
                said = await self._exchange(endpoint, event, seen)
        except (ValueError, aiohttp.ClientError, TimeoutError, OSError) as error:
            if not seen.status:
                raise not_reached(error, self._timeout_s) from error
        judge(seen.status, said, seen.after_s)

    async def _exchange(self, endpoint: Endpoint, event: Delivery, seen: Exchange) -> str:
        """Send the event and read the reply; returns the beginning of its body."""
        headers = _headers(endpoint, event, self._clock() // 1000)
        async with self._session.post(
            written(endpoint.url), data=event.body, headers=headers, allow_redirects=False
        ) as reply:
            seen.status = reply.status
            seen.after_s = retry_after_s(reply.headers, self._clock() / 1000)
            return await beginning(reply)


def _headers(endpoint: Endpoint, event: Delivery, now_s: int) -> dict[str, str]:
    # The library takes a datetime of another zone as if it were UTC: always pass UTC.
    moment = datetime.fromtimestamp(now_s, UTC)
    body = event.body.decode()
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "lamplighter",
        "webhook-id": event.event_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": Webhook(endpoint.secret).sign(event.event_id, moment, body),
    }
