"""Logins of people: a cookie that names a session, which ends when nobody uses it."""

import asyncio
import secrets

from msgspec.structs import replace

from gateway import passwords
from gateway.clock import Clock
from gateway.errors import Refused
from gateway.keys import digest
from gateway.passwords import Throttle
from gateway.records import Session, User
from gateway.store import Store, Transaction, View

IDLE_MS = 30 * 60_000
WHOLE_MS = 12 * 3_600_000
TOUCH_MS = 60_000
"""A session's use is written down at most so often."""
MOST = 20
"""Sessions of one person; the oldest end."""


class WrongPassword(Refused):
    """Name or password is wrong."""

    act = "the person types them again, or asks an administrator for `lamplighter user password`"


class Logins:
    """Who is logged in, at one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._throttle = Throttle()

    async def login(self, name: str, password: str, remote: str) -> tuple[str, Session]:
        """The cookie and the session of a person. Raises WrongPassword, passwords.TooMany."""
        whose = (f"name {name[:100]}", f"from {remote}")
        self._throttle.check(*whose)
        user = await self._store.read(lambda view: view.record(User, name))
        async with self._throttle.turn:
            self._throttle.check(*whose)
            kept = user.password if user else ""
            right = await asyncio.to_thread(passwords.fits, password, kept)
            if not right:
                self._throttle.failed(*whose)
                raise WrongPassword
        self._throttle.passed(whose[0])
        now_ms = self._clock()
        token = secrets.token_urlsafe(32)
        made = Session(
            id=digest(token),
            user=name,
            csrf=secrets.token_urlsafe(24),
            created_at_ms=now_ms,
            used_at_ms=now_ms,
        )
        await self._store.write(lambda tx: _begin(tx, made))
        return token, made

    async def find(self, token: str) -> tuple[User, Session] | None:
        """Who has this cookie, and the session; None when it is over."""
        key = digest(token)

        def look(view: View) -> tuple[User, Session] | None:
            session = view.record(Session, key)
            user = view.record(User, session.user) if session else None
            return (user, session) if user and session else None

        found = await self._store.read(look)
        now_ms = self._clock()
        if found is None or over(found[1], now_ms):
            return None
        user, session = found
        if now_ms - session.used_at_ms >= TOUCH_MS:
            used = replace(session, used_at_ms=now_ms)
            await self._store.write(lambda tx: _touch(tx, used), within_s=1.0)
        return user, session

    async def end(self, token: str) -> None:
        """End a session; there need not be one."""
        await self._store.write(lambda tx: tx.remove_record(Session, digest(token)))


def over(session: Session, now_ms: int) -> bool:
    """Whether it ended by itself; an instant after now comes from a clock that was set back."""
    idle = now_ms - session.used_at_ms > IDLE_MS
    return idle or now_ms - session.created_at_ms > WHOLE_MS


def _begin(tx: Transaction, made: Session) -> None:
    """Keep it; those that are over go, and the oldest of a person who has too many."""
    others = tx.records(Session)
    ended = [one for one in others if over(one, made.used_at_ms)]
    own = [one for one in others if one.user == made.user and one not in ended]
    own.sort(key=lambda one: one.used_at_ms)
    for one in [*ended, *own[: max(len(own) - MOST + 1, 0)]]:
        tx.remove_record(Session, one.id)
    tx.put_record(made.id, made)


def end_all(tx: Transaction, name: str) -> None:
    """End every session of a person."""
    for one in tx.records(Session):
        if one.user == name:
            tx.remove_record(Session, one.id)


def _touch(tx: Transaction, used: Session) -> None:
    if tx.record(Session, used.id):  # it may have been ended meanwhile
        tx.put_record(used.id, used)
