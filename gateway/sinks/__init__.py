"""Where events go.

One file or folder here is one kind of sink, unless its name begins with `_` (see
`gateway.registry`). A kind holds

- `class Settings(Struct)`: the keys of `[sinks.<kind>]`, all with defaults; its docstring explains
  them in `gateway/generated/sinks.md`;
- `class Sink`, made from its Settings and the Surroundings;
- `REFUSED`: targets that `check` refuses;
- `receiver(folder)`: an async context manager that gives a Receiver, for the contract suite; where
  that needs a program from outside, it is in `gateway/tests/contract/receivers/<kind>.py`.

`gateway/tests/contract/test_sinks.py` runs over every kind.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from msgspec import Struct

from gateway import registry
from gateway.clock import Clock
from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint


class Gone(Refused):
    """The endpoint is gone for good and is disabled; its owner registers a new one."""


class Divisible(Refused):
    """The endpoint refuses these events together; it may take fewer at once."""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a sink gets beside its own Settings.

    timeout_s: for one whole attempt.  allow_private: also to loopback and private addresses.
    folder: of the configuration, where relative paths start.
    """

    clock: Clock
    timeout_s: float
    allow_private: bool
    folder: Path


class Receiver(Struct, frozen=True, kw_only=True):
    """A place to deliver to, for tests.

    target: takes every event.  failing: cannot take one now.  taken(): the bodies that `target`
    has, in order.  settings: of the sink that reaches it; None: its defaults.
    """

    target: str
    failing: str
    taken: Callable[[], list[bytes]]
    settings: Any = None


Ask = Callable[[str, str, dict[str, int], int | None], Awaitable[object]]
"""Stores a command: DevEUI, name, values, seconds to its expiry. Raises GatewayError."""


class Outlet(Protocol):
    """What delivers to endpoints.

    What only hands on to another returns its coroutine: every frame between an answer and the one
    who waits for it costs as much as a row in the store.
    """

    def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> Coroutine[Any, Any, None]:
        """One attempt to deliver events of one device, in order; returns when all were taken.

        Where `endpoint.batch` is more than 1, events of several devices that go together: all are
        taken or none, and the same events are the same bytes under the same id each time.
        Raises Retry (later, perhaps at a named time), Refused (the endpoint does not want these),
        Divisible or Gone (it wants none any more). Then any number of the first ones may have been
        taken, unless they went together.
        """
        ...


class Sink(Outlet, Protocol):
    """One kind of sink. An async context manager: it can deliver while inside."""

    target: str
    """What the target of an endpoint of this kind is, in a few words."""
    signed: bool
    """Whether its endpoints have a secret that signs each event."""
    batched: bool
    """Whether its endpoints may take several events in one request."""

    def check(self, target: str) -> None:
        """Raise Refused unless the target can be an endpoint; also works outside the context."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...


@runtime_checkable
class Listening(Protocol):
    """A sink whose other side may also ask something of devices."""

    async def listen(self, ask: Ask) -> None:
        """Take commands until cancelled, each acknowledged once it is stored; may end at once."""
        ...


@runtime_checkable
class Tried(Protocol):
    """A sink with a place of its own in `lamplighter check`."""

    async def trial(self) -> list[str]:
        """Reach what its Settings name: lines that say so. Raises GatewayError."""
        ...


@runtime_checkable
class Tunable(Protocol):
    """A sink whose endpoints may have `headers` and `tls`."""

    def suit(self, endpoint: Endpoint) -> None:
        """Raise Refused for what the endpoint asks for and cannot have."""
        ...


def kinds() -> tuple[str, ...]:
    """The kinds of sinks there are, in alphabetical order."""
    return registry.names(sys.modules[__name__])


@cache
def module(kind: str) -> Any:
    """The module of one kind. Raises Refused that lists the kinds there are."""
    return registry.find(sys.modules[__name__], kind, "kind of sink")


class Sinks:
    """The sinks of every kind; each endpoint is served by that of its kind."""

    def __init__(self, sinks: Mapping[str, Sink]) -> None:
        self._sinks = sinks
        self._stack = contextlib.AsyncExitStack()

    def of(self, kind: str) -> Sink:
        """The sink of a kind. Raises Refused that lists the kinds there are."""
        if kind not in self._sinks:
            known = ", ".join(sorted(self._sinks))
            raise Refused(f"there is no kind of sink {kind!r}; expected one of: {known}", "kind")
        return self._sinks[kind]

    def suit(self, endpoint: Endpoint) -> None:
        """Raise Refused for what an endpoint asks for beside its target and its kind lacks."""
        sink = self.of(endpoint.kind)
        if isinstance(sink, Tunable):
            sink.suit(endpoint)
            return
        for name in ("headers", "tls"):
            if getattr(endpoint, name):
                said = f"the kind {endpoint.kind} sends no HTTP request: leave `{name}` out"
                raise Refused(said, name)

    def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> Coroutine[Any, Any, None]:
        """See Outlet. An endpoint of a kind that this version lacks keeps what is pending."""
        if endpoint.kind not in self._sinks:
            why = f"this gateway has no kind of sink {endpoint.kind!r}"
            raise Retry(f"{why}: the operator installs a version that has it")
        return self._sinks[endpoint.kind].deliver(endpoint, events)

    async def listen(self, ask: Ask) -> None:
        """See Listening, of all that listen; needs no entering."""
        listening = [one for one in self._sinks.values() if isinstance(one, Listening)]
        await asyncio.gather(*(one.listen(ask) for one in listening))

    def trials(self) -> dict[str, Callable[[], Awaitable[list[str]]]]:
        """See Tried, by the name of the section."""
        return {
            f"sinks.{kind}": one.trial
            for kind, one in self._sinks.items()
            if isinstance(one, Tried)
        }

    async def __aenter__(self) -> Self:
        async with self._stack:
            for sink in self._sinks.values():
                await self._stack.enter_async_context(sink)
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()


def make(settings: Mapping[str, Any], surroundings: Surroundings) -> Sinks:
    """The sinks of every kind. settings: Settings by kind; a kind without has its defaults."""
    made: dict[str, Sink] = {}
    for kind in kinds():
        own = settings.get(kind) or module(kind).Settings()
        made[kind] = module(kind).Sink(own, surroundings)
    return Sinks(made)
