"""Sends events to an HTTP endpoint: Standard Webhooks signature, body one CloudEvent (structured).

Source: Standard Webhooks 1.0.0; CloudEvents 1.0.2 HTTP binding, structured mode (in binary mode
`type` and `subject` would be headers, which the signature does not cover).
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver
from standardwebhooks.webhooks import Webhook

from gateway.clock import Clock
from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Gone
from gateway.sinks.addresses import check_url, public_socket

REPLY_BYTES = 64 * 1024
"""What is read of a reply; the rest is dropped with the connection."""
SHOWN_BYTES = 200
RETRIED = frozenset({408, 425, 429})
RETRY_AFTER_MAX_S = 24 * 3600.0
Check = Callable[[str], None]


class Sink:
    """Delivers to every endpoint through one connection pool; one attempt per call.

    clock: stamps each attempt.  timeout_s: for the whole exchange, so that a
    peer that drips bytes cannot hold it longer.  check(url): raises Refused.
    """

    def __init__(
        self, session: aiohttp.ClientSession, clock: Clock, timeout_s: float, check: Check
    ) -> None:
        self._session = session
        self._clock = clock
        self._check = check
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def deliver(self, endpoint: Endpoint, delivery: Delivery) -> None:
        """One attempt. Returns when the endpoint took the event (2xx).

        Raises Retry (later, perhaps at a named time), Refused (the endpoint does not want this
        event) or Gone (it wants none any more).
        """
        self._check(endpoint.url)
        headers = _headers(endpoint, delivery, self._clock() // 1000)
        try:
            async with self._session.post(
                endpoint.url,
                data=delivery.body,
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as reply:
                said = await _beginning(reply)
        except ValueError as error:
            raise Refused(f"the URL cannot be called: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _failed(error, self._timeout.total) from error
        judge(reply.status, said, _retry_after_s(reply.headers, self._clock() / 1000))


@contextlib.asynccontextmanager
async def open_sink(
    clock: Clock,
    timeout_s: float,
    *,
    allow_private: bool,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[Sink]:
    """The sink with its connection pool; neither proxies nor cookies nor netrc are used."""
    connector = aiohttp.TCPConnector(
        limit=0,  # each endpoint is bounded by its own width; a hanging one must not eat the pool
        socket_factory=None if allow_private else public_socket,
        resolver=resolver,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,  # a reply is only shown, never worth a decompression bomb
    ) as session:
        yield Sink(session, clock, timeout_s, partial(check_url, allow_private=allow_private))


def judge(status: int, said: str, after_s: float | None) -> None:
    """What an HTTP status means: returns for 2xx, else raises Retry, Refused or Gone."""
    answer = f"the endpoint answered {status}" + (f": {said}" if said else "")
    if 200 <= status < 300:
        return
    if status == 410:
        raise Gone(answer)
    if 300 <= status < 400:
        raise Retry(f"{answer} (a redirect, which is never followed: register the new address)")
    if status in RETRIED or status >= 500:
        raise Retry(answer, after_s=after_s)
    raise Refused(answer)


def _headers(endpoint: Endpoint, delivery: Delivery, now_s: int) -> dict[str, str]:
    # The library stamps a datetime of another zone wrongly without a word: always pass UTC.
    moment = datetime.fromtimestamp(now_s, UTC)
    body = delivery.body.decode()
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "lamplighter",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": Webhook(endpoint.secret).sign(delivery.event_id, moment, body),
    }


async def _beginning(reply: aiohttp.ClientResponse) -> str:
    """Read at most REPLY_BYTES and give the first characters, on one line."""
    head = bytearray()
    size = 0
    async for chunk in reply.content.iter_chunked(8192):
        head += chunk[: SHOWN_BYTES - len(head)]
        size += len(chunk)
        if size >= REPLY_BYTES:
            reply.close()
            break
    text = " ".join(bytes(head).decode(errors="replace").split())
    return "".join(char if char.isprintable() else "?" for char in text)


def _failed(error: BaseException, timeout_s: float | None) -> Retry | Refused:
    system = getattr(error, "os_error", None)
    if isinstance(system, PermissionError):
        return Refused(f"not sent: {system.strerror}: register a public address")
    if isinstance(error, TimeoutError):
        return Retry(f"no complete answer within {timeout_s:g} s")
    return Retry(f"not reached: {str(error) or type(error).__name__}")


def _retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the endpoint asks us to wait, 0 to 24 h; None when it says nothing readable."""
    text = headers.get("Retry-After", "")
    try:
        after_s = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(after_s, 0.0), RETRY_AFTER_MAX_S)
