"""A backend for whoever writes one: verifies signatures, tells each event, answers as told.

Source: Standard Webhooks 1.0.0, "Verifying webhook authenticity"; five minutes as its libraries.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping

import msgspec
from aiohttp import web
from msgspec import Struct

from gateway.clock import Clock
from gateway.errors import Refused
from gateway.events import Event

TOLERANCE_S = 300
MOST_BYTES = 16 << 20
"""Of a batch of 100 events."""
REMEMBERED = 10_000
"""Ids of events by which one that comes again is known."""

_one = msgspec.json.Decoder(Event).decode
_several = msgspec.json.Decoder(list[Event]).decode


class Came(Struct, frozen=True):
    """One event of a request. status: our answer.  again: its id came before.

    problem: why the request is refused, then there is no event; empty: it is none.
    """

    status: int
    event: Event | None = None
    again: bool = False
    problem: str = ""


def verify(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> None:
    """Raise Refused, with who acts next, unless the headers sign this body now."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    missing = [name for name in names if not headers.get(name)]
    if missing:
        raise Refused(f"no {missing[0]}: the sender is no Standard Webhooks, or a proxy cut it")
    id_, stamp, signatures = (headers[name] for name in names)
    if not stamp.isdigit() or abs(now_s - int(stamp)) > TOLERANCE_S:
        raise Refused(
            f"webhook-timestamp {stamp[:20]} is not within {TOLERANCE_S} s of now: set both clocks"
        )
    signed = b"%b.%b.%b" % (id_.encode(), stamp.encode(), body)
    made = base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()
    if not any(hmac.compare_digest(one, f"v1,{made}") for one in signatures.split()):
        raise Refused(
            "the signature is wrong: the secret is another webhook's, or the body was changed; "
            "`lamplighter webhook rotate` gives a new secret"
        )


def key_of(secret: str) -> bytes:
    """The bytes of `whsec_<base64>`. Raises Refused for what is no secret."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise Refused(
            "the secret is none: give it as `webhook add` printed it", "secret"
        ) from None


class Listener:
    """Takes requests. secret: empty: signatures are not checked.  tell: gets each event, once."""

    def __init__(
        self, secret: str, status: int, tell: Callable[[Came], None], clock: Clock
    ) -> None:
        if secret:
            key_of(secret)
        self._secret = secret
        self._status = status
        self._tell = tell
        self._clock = clock
        self._seen: OrderedDict[str, None] = OrderedDict()

    @contextlib.asynccontextmanager
    async def at(self, host: str, port: int) -> AsyncGenerator[int]:
        """Serve while inside; gives the port. port: 0: a free one. Raises Refused."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post("/{path:.*}", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            said = f"{host}:{port} cannot be opened ({error.strerror}): give another --port"
            raise Refused(said, "port") from None
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            if self._secret:
                verify(self._secret, request.headers, body, self._clock() / 1000)
            found = _several(body) if body.lstrip().startswith(b"[") else [_one(body)]
        except Refused as error:
            return self._refused(401, str(error))
        except msgspec.DecodeError as error:
            return self._refused(400, f"the body is no CloudEvent: {error}")
        for event in found:
            self._tell(Came(self._status, event, again=event.id in self._seen))
            self._seen[event.id] = None
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return web.Response(status=self._status)

    def _refused(self, status: int, why: str) -> web.Response:
        self._tell(Came(status, problem=why))
        return web.Response(status=status, text=f"{why}\n")
