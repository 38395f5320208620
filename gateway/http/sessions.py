"""Who may do what over HTTP: an API key, or the session of a person who logged in."""

import secrets

from aiohttp import web
from msgspec import Struct

from gateway.http.auth import Forbidden, Unauthorized, authorize
from gateway.http.route import Route
from gateway.logins import Logins
from gateway.records import Role, Session, User
from gateway.usecases import Parts

COOKIE = "lamplighter"
CSRF = "X-CSRF-Token"
SCOPES: dict[Role, tuple[str, ...]] = {
    "viewer": ("read",),
    "operator": ("read", "command"),
    "technician": ("read", "command"),
    "admin": ("read", "command", "admin"),
}
TECHNICIAN = frozenset({"commission", "assign"})
"""Operations of scope `admin` that a technician does on the street."""


class Caller(Struct, frozen=True):
    """Who asks. id: of an API key, `user` for a person who logged in."""

    id: str
    name: str


async def allow(parts: Parts, logins: Logins, route: Route, request: web.Request) -> Caller | None:
    """The key or person that asks; None where none is needed.

    Raises Unauthorized or Forbidden.
    """
    if not route.scope:
        return None
    header = request.headers.get("Authorization", "")
    if header or COOKIE not in request.cookies:
        key = await authorize(parts.store, header, route.scope)
        return Caller(key.id, key.name)
    user, session = await logged_in(logins, request)
    role = user.role
    if route.scope not in SCOPES[role] and not (role == "technician" and route.name in TECHNICIAN):
        raise Forbidden(f"the role {role} may not do this; it needs scope {route.scope}")
    if request.method not in {"GET", "HEAD"}:
        check_csrf(session, request)
    return Caller("user", user.name)


async def logged_in(logins: Logins, request: web.Request) -> tuple[User, Session]:
    """Whose session the cookie is of. Raises Unauthorized."""
    found = await logins.find(request.cookies.get(COOKIE, ""))
    if found is None:
        raise Unauthorized("nobody is logged in, or the login is over: log in again")
    return found


def check_csrf(session: Session, request: web.Request) -> None:
    """Raise Forbidden for a request that another site may have made."""
    if not secrets.compare_digest(request.headers.get(CSRF, "").encode(), session.csrf.encode()):
        raise Forbidden(f"the header {CSRF} is missing or of another session: load the page again")
