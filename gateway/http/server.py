"""Serves the REST API: an aiohttp application made from the table of routes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, cast

import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from gateway import audit
from gateway.errors import (
    Broken,
    ConfigError,
    GatewayError,
    Problem,
    Refused,
    Retry,
    Unknown,
    problem,
)
from gateway.http import watch
from gateway.http.answers import guarded, send_file, send_stream
from gateway.http.auth import Forbidden, Unauthorized
from gateway.http.page import Page
from gateway.http.page import mount as mount_page
from gateway.http.route import File, Route, Stream
from gateway.http.routes import ROUTES
from gateway.http.sessions import Caller, allow
from gateway.logins import Logins, WrongPassword
from gateway.passwords import TooMany
from gateway.usecases import Parts

BODY_BYTES = 64 * 1024
"""Largest body of a request, bytes."""
STATUS: tuple[tuple[type[GatewayError], int], ...] = (
    (Unauthorized, 401),
    (WrongPassword, 401),
    (TooMany, 429),
    (Forbidden, 403),
    (Unknown, 404),
)
"""HTTP status by kind of error; `status_of` has the rest."""

log = structlog.get_logger("gateway.http")

NO_PAGE = Page()

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Unreadable(Refused):
    """The request does not match the API document."""


def application(
    parts: Parts, routes: Sequence[Route] = ROUTES, page: Page = NO_PAGE
) -> web.Application:
    """The application: errors as JSON, bodies bounded, API keys and sessions checked by scope."""
    logins = Logins(parts.store, parts.clock)
    app = web.Application(client_max_size=BODY_BYTES, middlewares=[_faults, _problems])
    ending = asyncio.Event()

    async def end(_app: web.Application) -> None:
        ending.set()

    app.on_shutdown.append(end)
    watch.mount(app, parts)
    mount_page(app, logins, page)
    for route in routes:

        async def allowed(request: web.Request, route: Route = route) -> Caller | None:
            return await allow(parts, logins, route, request)

        handler = _handler(parts, route, ending, allowed)
        app.router.add_route(route.method, route.path, handler)
    return app


def _handler(
    parts: Parts,
    route: Route,
    ending: asyncio.Event,
    allowed: Callable[[web.Request], Awaitable[Caller | None]],
) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = await allowed(request)
        given: dict[str, Any] = {"caller": caller.name} if route.caller and caller else {}
        query = _single(request, route.query)
        if route.query:
            given["query"] = _converted(query, route.query)
        if route.headers:
            given["headers"] = _of_headers(request, route.headers)
        if route.body:
            given["body"] = _decoded(await request.read(), route.body)
        named = tuple(request.match_info.values())
        with _acting(parts, route, caller, "/".join(named)):
            answer = await route.operation(parts, *named, **given)
            await _accounted(parts)
        if isinstance(answer, Stream):
            checked = guarded(answer, lambda: allowed(request))
            return await send_stream(request, checked, route.content, ending)
        if isinstance(answer, File):
            return await send_file(request, answer)
        return _json(answer, route.status)

    return handle


@contextlib.contextmanager
def _acting(parts: Parts, route: Route, caller: Caller | None, subject: str) -> Generator[None]:
    """What a request that may change something does is its caller's act."""
    if route.method == "GET" or caller is None:
        yield
        return
    who = f"{caller.id} ({caller.name})"
    with audit.acting(audit.Act(who, "api", route.name, subject, parts.clock())):
        yield


async def _accounted(parts: Parts) -> None:
    """Leave an entry of an act that changed nothing in the store."""
    act = audit.current()
    if act and (act.owes or not act.entered):
        await parts.store.write(lambda _: None)


def _of_headers(request: web.Request, into: type[Struct]) -> Struct:
    """Those that the operation takes. Raises Unreadable."""
    names = into.__struct_encode_fields__
    given = {name: request.headers[name] for name in names if name in request.headers}
    try:
        return msgspec.convert(given, into, strict=False)
    except msgspec.ValidationError as error:
        raise Unreadable(f"a header is wrong: {_sentence(error)}") from None


def _single(request: web.Request, known: type[Struct] | None) -> dict[str, str]:
    """The parameters of a query, each given once and known. Raises Unreadable."""
    query = request.query
    names = known.__struct_encode_fields__ if known else ()
    for name in query:
        if name not in names:
            there = f"there are {', '.join(names)}" if names else "there are none here"
            raise Unreadable(f"the query is wrong: no parameter is named {name[:100]!r}; {there}")
        if len(query.getall(name)) > 1:
            raise Unreadable(f"the query is wrong: `{name}` is given more than once")
    return dict(query)


def _converted(query: dict[str, str], into: type[Struct]) -> Struct:
    try:
        return msgspec.convert(query, into, strict=False)
    except msgspec.ValidationError as error:
        raise Unreadable(f"the query is wrong: {_sentence(error)}") from None


def _decoded(body: bytes, into: type[Struct]) -> Struct:
    try:
        return msgspec.convert(_whole(msgspec.json.decode(body or b"{}")), into)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"the body is wrong: {_sentence(error)}") from None


def _whole(value: Any) -> Any:
    """JSON with each number of zero fraction as an integer, which JSON Schema takes it for.

    Source: JSON Schema 2020-12 Validation, 6.1.1.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in cast("dict[str, Any]", value).items()}
    return value


def _sentence(error: Exception) -> str:
    said, _, where = str(error).partition(" - at `$")
    field = where.strip("`.")
    return f"`{field}`: {said}" if field else said


def status_of(error: GatewayError) -> int:
    """The HTTP status of an error."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    if isinstance(error, Unreadable):
        return 400
    if isinstance(error, Refused):
        return 422
    return 503 if isinstance(error, Retry | ConfigError) else 500


@web.middleware
async def _faults(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Any other exception: logged with its traceback, answered in the form of every error."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        act = Refused.act if error.status < 500 else GatewayError.act
        return _json(Problem(error.reason, act), error.status)
    except Exception as error:
        act = error.act if isinstance(error, Broken) else GatewayError.act
        log.exception("a request failed", method=request.method, path=request.path)
        return _json(Problem("the service failed at this; its log says why", act), 500)


@web.middleware
async def _problems(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Every error of ours or of aiohttp's router as JSON `{error, act}`."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        said = f"the body is longer than {BODY_BYTES} bytes"
        return _json(Problem(said, Refused.act), 413, {"Connection": "close"})
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        said = f"{request.path} does not take {error.method}: use {allowed}"
        return _json(Problem(said, Refused.act), 405, {"Allow": allowed})
    except web.HTTPNotFound:
        said = f"there is no {request.path[:200]} here: /v1/openapi.json lists what there is"
        return _json(Problem(said, Unknown.act), 404)
    except Broken:
        raise
    except GatewayError as error:
        status = status_of(error)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if status in {429, 503}:
            headers["Retry-After"] = str(int(getattr(error, "after_s", None) or 1))
        return _json(problem(error), status, headers)


def _json(value: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(value)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
