"""Sends events by e-mail: for a person who is to know of what is rare.

Each event is one message: its reason as text, which says who acts next, and the CloudEvent as an
attachment. Meant for `--type lamplighter.disabled.v1` and `lamplighter.trouble.v1`; of readings
there are thousands. An event counts as delivered when the mail server took its message. User and
password go over TLS alone: `smtps://`, or STARTTLS at `smtp://`.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Self

from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Surroundings
from gateway.sinks.email.message import made
from gateway.sinks.email.session import send
from gateway.sinks.email.settings import Settings as Settings

ADDRESS = re.compile(r"[!#$%&'*+./=?^_`{|}~0-9A-Za-z-]{1,64}@[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*")
"""ASCII alone, no quotes. Source: RFC 5321, 4.1.2 and 4.5.3.1."""
LONGEST = 254
"""Source: RFC 5321, 4.5.3.1.3, without the angle brackets."""
REFUSED = ("", "ops", "ops@", "@city.example", "Ops <ops@city.example>", "a@b@c", "a@b\r\nBcc: c")


class Sink:
    """One connection a delivery, one delivery at a time."""

    target = "an e-mail address"
    signed = batched = False

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._clock = surroundings.clock
        self._timeout_s = surroundings.timeout_s
        self._turn = asyncio.Lock()
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._sending:
            await asyncio.wait([self._sending])

    def check(self, target: str) -> None:
        """See gateway.sinks.Sink."""
        if len(target) > LONGEST or not ADDRESS.fullmatch(target):
            raise Refused(f"{target[:80]!r} is no address: give one as ops@city.example")
        if not (self._settings.smtp and self._settings.sender):
            raise Refused(
                "there is no mail server: the operator sets `smtp` and `sender` of "
                "`[sinks.email]` first"
            )

    async def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> None:
        """See gateway.sinks.Outlet."""
        self.check(endpoint.url)
        to = endpoint.url
        now_ms = self._clock()
        await self._in_turn([(to, made(one, self._settings.sender, to, now_ms)) for one in events])

    async def trial(self) -> list[str]:
        """See gateway.sinks.Tried."""
        if not self._settings.smtp:
            return []
        await self._in_turn([])
        return [f"the mail server {self._settings.shown} takes us"]

    async def _in_turn(self, messages: list[tuple[str, bytes]]) -> None:
        await self._turn.acquire()
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.shield(self._begun(messages))
        except TimeoutError:
            said = f"the mail server {self._settings.shown} took nothing within"
            raise Retry(f"{said} {self._timeout_s:g} s") from None

    def _begun(self, messages: list[tuple[str, bytes]]) -> asyncio.Task[None]:
        """What a thread has begun keeps its turn, also when nobody waits for it any more."""
        call = asyncio.to_thread(send, self._settings, messages, self._timeout_s)
        task = self._sending = asyncio.create_task(call)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._turn.release()
        if not task.cancelled():
            task.exception()  # nobody may be left who asks for it
