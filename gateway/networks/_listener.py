"""A port to which messages are posted over HTTP, each answered once it is kept.

A request waits until its message is acknowledged, so the sender has an answer of success only for
what is stored; whoever gets none sends it again.
"""

import asyncio
import hmac
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Self

import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from gateway.errors import ConfigError, Lost, Problem, Retry
from gateway.networks import _address
from gateway.networks._refusals import Refusals
from gateway.networks._tls import Tls
from gateway.notices import Envelope

BODY_BYTES = 256 * 1024
"""Largest body of a request, bytes."""
HELD_MOST = 100
"""Requests that wait at once: 25 MiB of bodies at most."""
READ_S = 20.0
"""How long a sender may take for its body."""
KEEP_S = 20.0
"""Longest wait for that: senders give up after it, as some do after 30 s."""
TOKEN_LEAST = 16
"""Characters of the shortest token."""
STOP_S = 1.0
SENDER = "the operator of the sender changes it"

log = structlog.get_logger("gateway.network")


class Door(Struct, frozen=True, kw_only=True):
    """Where senders come in, and who is let in.

    bind: `host:port`.  path: requests to it and below it are taken.  token: what
    `Authorization: Bearer` must have; empty: a client certificate alone is asked for.
    tls: our certificate, and the authorities that sign those of the senders.
    """

    bind: str
    path: str
    token: str
    tls: Tls = Tls()

    def address(self) -> tuple[str, int]:
        """(host, port). Raises ConfigError."""
        parts = _address.split(f"http://{self.bind}", "network.bind", ("http", "https"))
        if not parts.port:
            raise ConfigError(f"`network.bind` is {self.bind!r}, expected host:port")
        return parts.hostname or "", parts.port

    @property
    def shown(self) -> str:
        """The URL that senders use."""
        return f"http{'s' * bool(self.tls.cert_file)}://{self.bind}{self.path}"

    def check(self) -> None:
        """Raise ConfigError where anybody could come in, or where the token can be guessed."""
        self.address()
        if not self.token and not self.tls.ca_file:
            raise ConfigError(
                f"`network.token` is missing: set it to {TOKEN_LEAST} characters or more, which "
                "the sender gives as `Authorization: Bearer TOKEN`; or ask for a client "
                "certificate with `network.ca_file`"
            )
        if self.token and len(self.token) < TOKEN_LEAST:
            raise ConfigError(f"`network.token` must have {TOKEN_LEAST} characters or more")
        if self.tls.ca_file and not self.tls.cert_file:
            raise ConfigError(
                "`network.ca_file` asks for a client certificate, which needs TLS: set "
                "`network.cert_file` to ours"
            )

    def admits(self, header: str) -> bool:
        """Whether an `Authorization` header has the token; takes as long for any wrong one."""
        kind, _, given = header.partition(" ")
        told = given.strip().encode("utf-8", "surrogateescape")  # as aiohttp reads headers
        same = hmac.compare_digest(told, self.token.encode())
        return not self.token or (kind.lower() == "bearer" and same)


class Listener:
    """Messages that are posted, in order of receipt; a context manager that listens inside.

    parse: raises Lost for a message that cannot be read; the sender is told, and it is kept too.
    keep_s: how long a request waits until its message is kept.
    """

    def __init__(
        self, door: Door, parse: Callable[[Envelope], object], keep_s: float = KEEP_S
    ) -> None:
        self._door = door
        self._keep_s = keep_s
        self._parse = parse
        self._held: dict[asyncio.Future[None], Envelope] = {}
        self._waiting: deque[Envelope] = deque()
        self._changed = asyncio.Event()
        self._paused = False
        self._refusals = Refusals()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        self._door.check()
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_route("*", f"{self._door.path}{{below:(/.*)?}}", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=STOP_S, handler_cancellation=True
        )
        await self._runner.setup()
        tls = self._door.tls.server_context() if self._door.tls.cert_file else None
        try:
            await web.TCPSite(self._runner, *self._door.address(), ssl_context=tls).start()
        except OSError as error:
            await self._runner.cleanup()
            said = f"`network.bind` {self._door.bind} cannot be opened: {error.strerror}"
            raise ConfigError(f"{said}; end what uses it, or choose another port") from None
        self._paused = False
        log.info("listening", at=self._door.shown)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.pause()
        if self._runner:
            await self._runner.cleanup()

    @property
    def held(self) -> int:
        """Requests that wait until their message is kept."""
        return len(self._held)

    async def batches(self) -> AsyncIterator[Sequence[Envelope]]:
        """What waits, in order, at least one message a batch; never ends."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            batch = list(self._waiting)
            self._waiting.clear()
            if batch:
                yield batch

    def pause(self) -> None:
        """Answer every request, also those that wait, that it is to be sent again."""
        self._paused = True
        self._waiting.clear()
        for done in self._held:
            if not done.done():
                done.set_exception(Retry("nothing can be stored now"))

    def resume(self) -> None:
        """Take requests again after `pause`."""
        self._paused = False

    def troubles(self) -> list[str]:
        """What is wrong with the senders, each with who acts next."""
        return self._refusals.troubles()

    async def _handle(self, request: web.Request) -> web.Response:
        """Answer one request: who may, how, how much; then keep it."""
        if not self._door.admits(request.headers.get("Authorization", "")):
            self._refusals.note(request.remote or "an unknown address")
            said = "this needs the token of the gateway: send `Authorization: Bearer TOKEN`"
            act = "the operator of the sender sets its token to the gateway's `network.token`"
            return _answer(Problem(said, act), 401, {"WWW-Authenticate": "Bearer"})
        if request.method != "POST":
            return _other(request.method)
        if self._paused or len(self._held) >= HELD_MOST:
            return _again(f"{len(self._held)} requests wait until something can be stored")
        try:
            async with asyncio.timeout(READ_S):
                body = await request.read()
        except (web.HTTPRequestEntityTooLarge, TimeoutError) as error:
            return _unread(error)
        return await self._keep(request.path, body)

    async def _keep(self, path: str, body: bytes) -> web.Response:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def acknowledge() -> None:
            if not done.done():
                done.set_result(None)

        envelope = Envelope(path, body, acknowledge)
        if self._paused:  # while the body came
            return _again("nothing can be stored now")
        self._held[done] = envelope
        self._waiting.append(envelope)
        self._changed.set()
        try:
            async with asyncio.timeout(self._keep_s):
                await done
        except (TimeoutError, Retry) as error:
            return _again(str(error) or f"it was not stored within {self._keep_s:g} s")
        finally:
            del self._held[done]
            with suppress(ValueError):  # nobody took it
                self._waiting.remove(envelope)
        return self._kept(envelope)

    def _kept(self, envelope: Envelope) -> web.Response:
        try:
            self._parse(envelope)
        except Lost as error:
            said = f"kept, but it cannot be read: {error}"
            return _answer({"kept": True, "error": said, "act": SENDER}, 200)
        return _answer({"kept": True}, 200)


def _other(method: str) -> web.Response:
    """To what is not POST; `check` asks with GET who is here."""
    if method == "GET":
        return _answer({"listens": "lamplighter"}, 200)
    said = f"messages are sent with POST, not {method}"
    return _answer(Problem(said, SENDER), 405, {"Allow": "GET, POST"})


def _unread(error: Exception) -> web.Response:
    status = 408 if isinstance(error, TimeoutError) else 413
    late = f"the body did not come within {READ_S:.0f} s"
    said = late if status == 408 else f"the body is longer than {BODY_BYTES} bytes"
    return _answer(Problem(said, SENDER), status, {"Connection": "close"})


def _again(said: str) -> web.Response:
    problem = Problem(said, "the sender sends it again")
    return _answer(problem, 503, {"Retry-After": "1"})


def _answer(value: object, status: int, headers: dict[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(value)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
