"""The audit log: who changed what through the API or the command line.

An edge (a route, a command) says `with acting(...)`; each change that reaches the store meanwhile
carries its entry in the same commit, so neither is kept without the other. An act of several
commits has an entry for each that changed a thing; one that changed none has one entry. What the
service does by itself (deliveries, uplinks, retries) is no act of anybody.

A thing is shown as it was and as it is, without secrets: a field that is marked Secret says that
there is one, and whether it changed.
"""

import contextlib
import functools
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from gateway import secret
from gateway.errors import without_user
from gateway.model import AuditChange, AuditEntry
from gateway.store import Transaction

T = TypeVar("T")
_Find = Callable[[Transaction], Struct | None]
_Thing = tuple[str, str, _Find]
"""What a thing is called, its key, and how it is found."""
_Before = dict[tuple[str, str], tuple[Struct | None, _Find]]
"""{(what it is called, its key): (as it was, how it is found)}."""


def _key(given: Any, name: str) -> str:
    """Of what a change was given: a thing, or its key alone."""
    return given if isinstance(given, str) else getattr(given, name)


def _device(given: Any) -> _Thing:
    key = _key(given, "dev_eui")
    return "device", key, lambda tx: tx.device(key)


def _webhook(given: Any) -> _Thing:
    key = _key(given, "id")
    return "webhook", key, lambda tx: tx.endpoint(key)


def _command(given: Any) -> _Thing:
    return "command", given.id, lambda tx: tx.command(given.id)


def _api_key(given: Any) -> _Thing:
    key = _key(given, "id")
    return "key", key, lambda tx: next((one for one in tx.api_keys() if one.id == key), None)


def _plan(given: Any) -> _Thing:
    kind = cast("type[Any]", type(given))
    return kind.__name__.lower(), given.id, lambda tx: tx.plan(kind, given.id)


def _record(one: Any, other: Any) -> _Thing:
    """Put by key and record, removed by kind and key."""
    key, kind = (one, cast("type[Any]", type(other))) if isinstance(one, str) else (other, one)
    return kind.__name__.lower(), key, lambda tx: tx.record(kind, key)


THINGS: dict[str, Callable[..., _Thing]] = {
    "device": _device,
    "endpoint": _webhook,
    "command": _command,
    "api_key": _api_key,
    "plan": _plan,
    "record": _record,
}
"""{noun in the names of a Transaction's methods: what they were given, as a thing}."""


class Act:
    """What somebody does. who: an API key's id and name, or a user of the machine.

    subject: what it is done to, where its name says so.
    """

    def __init__(self, who: str, via: str, action: str, subject: str, at_ms: int) -> None:
        self._entry = AuditEntry(0, at_ms, who, via, action, subject, ())
        self._noted: list[AuditChange] = []
        self._entered = False

    @property
    def owes(self) -> bool:
        """Whether something was changed outside of the store that no entry tells of yet."""
        return bool(self._noted)

    @property
    def entered(self) -> bool:
        """Whether it has an entry."""
        return self._entered

    def note(self, noun: str, key: str, before: Any, after: Any) -> None:
        """Tell of a change outside of the store; it is in the entry of the next commit."""
        self._noted.append(AuditChange(noun, key, before, after))

    def entering(self, change: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
        """The change, and the entry that tells of it; may be carried out again."""
        noted = tuple(self._noted)
        first = not self._entered

        def both(tx: Transaction) -> T:
            before: _Before = {}
            result = change(cast("Transaction", _Watched(tx, before)))
            changes = (*noted, *_changes(tx, before))
            if first or changes:
                tx.add_audit(replace(self._entry, changes=changes))
            return result

        return both

    def committed(self) -> None:
        """What `entering` made was carried out."""
        self._entered = True
        self._noted.clear()


_acting: ContextVar[Act | None] = ContextVar("acting", default=None)


def current() -> Act | None:
    """Whose act this is, if it is anybody's."""
    return _acting.get()


@contextlib.contextmanager
def acting(act: Act | None) -> Generator[None]:
    """What is changed inside is this act; None: nobody's."""
    token = _acting.set(act)
    try:
        yield
    finally:
        _acting.reset(token)


def note(noun: str, key: str, before: Any, after: Any) -> None:
    """Tell of a change outside of the store, if it is anybody's act."""
    act = current()
    if act:
        act.note(noun, key, before, after)


class _Watched:
    """A Transaction; before: gets each thing that it changes, as it was."""

    def __init__(self, tx: Transaction, before: _Before) -> None:
        self._tx = tx
        self._before = before

    def __getattr__(self, name: str) -> Any:
        verb, _, noun = name.partition("_")
        method = getattr(self._tx, name)
        if noun in THINGS and verb in {"add", "put", "remove"}:
            return functools.partial(self._change, method, THINGS[noun])
        return method

    def _change(self, method: Callable[..., Any], of: Callable[..., _Thing], *given: Any) -> Any:
        name, key, find = of(*given)
        before = find(self._tx)
        result = method(*given)
        self._before.setdefault((name, key), (before, find))
        return result


def _changes(tx: Transaction, before: _Before) -> list[AuditChange]:
    return [
        AuditChange(name, key, _shown(was, was), _shown(find(tx), was))
        for (name, key), (was, find) in before.items()
    ]


def _shown(thing: Struct | None, before: Struct | None) -> Any:
    """A thing as JSON values, without secrets. before: what it was."""
    if thing is None:
        return None
    shown = secret.hidden(thing, before)
    return shown | {"url": without_user(shown["url"])} if "url" in shown else shown
