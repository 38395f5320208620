"""Sends events to an HTTP endpoint: Standard Webhooks signature, body one CloudEvent (structured).

Source: Standard Webhooks 1.0.0; CloudEvents 1.0.2 HTTP binding, structured mode (in binary mode
`type` and `subject` would be headers, which the signature does not cover).
"""

from collections.abc import Coroutine, Sequence
from typing import Any, Self

from msgspec import Struct

from gateway import headers
from gateway.errors import Refused
from gateway.model import Delivery, Endpoint
from gateway.sinks import Surroundings
from gateway.sinks.webhook.addresses import check_text, check_url
from gateway.sinks.webhook.names import Resolve
from gateway.sinks.webhook.poster import Poster
from gateway.sinks.webhook.receiver import receiver
from gateway.sinks.webhook.reply import judge, not_reached, retry_after_s
from gateway.sinks.webhook.request import BATCH, ONE, Target, batch_body, batch_id
from gateway.sinks.webhook.trust import Trust, context

__all__ = ["REFUSED", "Settings", "Sink", "receiver"]

REFUSED = ("", "backend.example.org/events", "ftp://backend.example.org/", "http://", "http://[x/")
MOST_TARGETS = 1000
"""Kept prepared; endpoints that were removed or changed are among them."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[sinks.webhook]`; `timeout_s` and `allow_private` of `[delivery]` hold for it too.

    tls: `[sinks.webhook.tls.<name>]`, which a webhook names in its `tls`: `ca_file`, PEM of the
    authorities of its certificate, in place of the system's; `cert_file` and `key_file`, PEM of
    our certificate and its key, where it asks for one.
    """

    tls: dict[str, Trust] = {}


class Sink:
    """Delivers to every endpoint, one request per event or per batch.

    resolve: asks for the addresses of host names; None is the system's resolver.
    """

    target = "an http or https URL"
    signed = True
    batched = True

    def __init__(
        self,
        settings: Settings,
        surroundings: Surroundings,
        resolve: Resolve | None = None,
    ) -> None:
        self._clock = surroundings.clock
        self._timeout_s = surroundings.timeout_s
        self._allow_private = surroundings.allow_private
        self._resolve = resolve
        self._tls = settings.tls
        self._targets: dict[str, Target] = {}

    async def __aenter__(self) -> Self:
        self._poster = Poster(
            timeout_s=self._timeout_s,
            allow_private=self._allow_private,
            resolve=self._resolve,
            trusts={name: context(one) for name, one in self._tls.items()},
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._poster.close()
        self._targets.clear()

    def check(self, target: str) -> None:
        """See gateway.sinks.Sink."""
        check_text(target)
        check_url(target, allow_private=self._allow_private)

    def suit(self, endpoint: Endpoint) -> None:
        """See gateway.sinks.Tunable."""
        headers.check(endpoint.headers)
        if endpoint.tls and not endpoint.url.lower().startswith("https:"):
            raise Refused("`tls` needs an https URL: change the URL or leave `tls` out", "tls")
        if endpoint.tls and endpoint.tls not in self._tls:
            known = ", ".join(sorted(self._tls)) or "none"
            raise Refused(
                f"the configuration has no `[sinks.webhook.tls.{endpoint.tls[:50]}]`; there are: "
                f"{known}",
                "tls",
            )

    def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> Coroutine[Any, Any, None]:
        """See gateway.sinks.Sink."""
        if endpoint.batch > 1:
            content = (BATCH, batch_id(events), batch_body(events))
            return self._post(endpoint, *content, count=len(events))
        if len(events) == 1:
            return self._post(endpoint, ONE, events[0].event_id, events[0].body)
        return self._one_by_one(endpoint, events)

    async def _one_by_one(self, endpoint: Endpoint, events: Sequence[Delivery]) -> None:
        for event in events:
            await self._post(endpoint, ONE, event.event_id, event.body)

    async def _post(
        self, endpoint: Endpoint, content_type: str, webhook_id: str, body: bytes, count: int = 1
    ) -> None:
        target = self._target(endpoint)
        try:
            reply = await self._poster.post(
                target.origin,
                target.idle,
                lambda: target.request(content_type, webhook_id, body, self._clock() // 1000),
            )
        except OSError as error:
            raise not_reached(error, target.origin.host, self._timeout_s) from error
        if not reply.succeeded:
            after_s = retry_after_s(reply.retry_after, self._clock() / 1000)
            judge(reply.status, reply.said, after_s, count)

    def _target(self, endpoint: Endpoint) -> Target:
        known = self._targets.get(endpoint.id)
        if known and (known.endpoint is endpoint or known.endpoint == endpoint):
            return known
        if len(self._targets) >= MOST_TARGETS:
            self._targets.clear()
        self.check(endpoint.url)
        self.suit(endpoint)
        try:
            made = Target(endpoint)
        except ValueError as error:
            raise Refused(f"the URL cannot be called: {error}: register another one") from error
        self._targets[endpoint.id] = made
        return made
