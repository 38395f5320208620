"""The page at `/ui/`: its files, its login, and what a browser must not do with it.

Its data come over the REST API, which takes the session's cookie like a key.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from gateway.errors import Refused, Unknown
from gateway.http.answers import send_file
from gateway.http.auth import Forbidden
from gateway.http.route import File
from gateway.http.sessions import COOKIE, SCOPES, check_csrf, logged_in
from gateway.logins import Logins
from gateway.records import User

FILES = Path(__file__).parents[1] / "page"
SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page(Struct, frozen=True):
    """Settings of the page; see `gateway.settings.HttpSettings`."""

    basemap: Path | None = None
    plain_login: bool = False


class Login(Struct, forbid_unknown_fields=True):
    """What a person types."""

    name: Annotated[str, Meta(max_length=100)]
    password: Annotated[str, Meta(max_length=1000)]


_login = msgspec.json.Decoder(Login).decode


class Me(Struct):
    """Who is logged in. csrf: for the header of each request that changes something."""

    name: str
    role: str
    scopes: tuple[str, ...]
    csrf: str


def mount(app: web.Application, logins: Logins, page: Page) -> None:
    """Add the page's paths."""
    serving = _Serving(logins, page)
    app.middlewares.append(_safe)
    app.router.add_get("/ui", _to_page)
    app.router.add_get("/ui/", serving.index)
    app.router.add_get("/ui/session", serving.session)
    app.router.add_post("/ui/login", serving.login)
    app.router.add_post("/ui/logout", serving.logout)
    app.router.add_get("/ui/basemap.geojson", serving.basemap)
    app.router.add_get("/ui/{name}", serving.file)
    app.router.add_get("/ui/lib/{name}", serving.library)


@web.middleware
async def _safe(request: web.Request, handler: _Handler) -> web.StreamResponse:
    response = await handler(request)
    if request.path.startswith("/ui") and not response.prepared:
        response.headers.update(SAFE)
    return response


async def _to_page(_request: web.Request) -> web.Response:
    return web.Response(status=308, headers={"Location": "/ui/"})


class _Serving:
    def __init__(self, logins: Logins, page: Page) -> None:
        self._logins = logins
        self._page = page

    async def index(self, request: web.Request) -> web.Response:
        """The page; it shows the login when nobody is logged in."""
        if not (FILES / "lib" / "leaflet.js").exists():
            raise Unknown(
                "the page's libraries are not here: the operator installs the wheel, or runs "
                "`python3 -m tools.setup check` in the checkout"
            )
        return await send_file(request, File(FILES, "index.html"))

    async def file(self, request: web.Request) -> web.Response:
        """A part of the page."""
        return await send_file(request, File(FILES, request.match_info["name"]))

    async def library(self, request: web.Request) -> web.Response:
        """A part of Leaflet or uPlot."""
        return await send_file(request, File(FILES / "lib", request.match_info["name"]))

    async def basemap(self, request: web.Request) -> web.Response:
        """The town's own map, for whoever is logged in."""
        await logged_in(self._logins, request)
        path = self._page.basemap
        if path is None:
            return web.Response(status=204)
        return await send_file(request, File(path.parent, path.name))

    async def session(self, request: web.Request) -> web.Response:
        """Who is logged in; null where nobody is."""
        found = await self._logins.find(request.cookies.get(COOKIE, ""))
        return _json(_me(found[0], found[1].csrf) if found else None)

    async def login(self, request: web.Request) -> web.Response:
        """Take a name and a password for a cookie."""
        secure = _allowed(request, self._page)
        try:
            asked = _login(await request.read())
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refused("a login is JSON with `name` and `password`", "name") from None
        token, session = await self._logins.login(asked.name, asked.password, request.remote or "")
        found = await self._logins.find(token)
        response = _json(_me(found[0], session.csrf) if found else None)
        response.set_cookie(
            COOKIE, token, httponly=True, samesite="Strict", secure=secure, path="/"
        )
        return response

    async def logout(self, request: web.Request) -> web.Response:
        """End the session."""
        _, session = await logged_in(self._logins, request)
        check_csrf(session, request)
        await self._logins.end(request.cookies[COOKIE])
        response = _json(None)
        response.del_cookie(COOKIE, path="/")
        return response


def _me(user: User, csrf: str) -> Me:
    return Me(user.name, user.role, SCOPES[user.role], csrf)


def _json(value: Struct | None) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    body = msgspec.json.encode(value)
    return web.Response(body=body, content_type="application/json", headers=headers)


def _allowed(request: web.Request, page: Page) -> bool:
    """Whether the cookie may travel over TLS alone. Raises Forbidden where a password may not.

    A proxy on this machine says by `X-Forwarded-Proto` that TLS ends there; from elsewhere anybody
    can write that.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("this login comes from a page of another site: open the page itself")
    near = _is_loopback(request.remote or "")
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    if request.secure or (near and forwarded == "https"):
        return True
    here = near and _is_loopback(urlsplit(f"//{request.host}").hostname or "")
    if here and not forwarded and "X-Forwarded-For" not in request.headers:
        return False
    if not page.plain_login:
        raise Forbidden(
            "a password is not taken over plain HTTP from elsewhere: the operator puts a proxy "
            "with TLS in front, or sets `plain_login = true` in `[http]`"
        )
    return False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
