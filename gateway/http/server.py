"""Serves the REST API: an aiohttp application made from the table of routes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import structlog
from aiohttp import web

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
from gateway.http.answers import send_file, send_stream
from gateway.http.auth import Forbidden, Unauthorized, authorize
from gateway.http.route import File, Route, Stream
from gateway.http.routes import ROUTES
from gateway.usecases import Parts

BODY_BYTES = 64 * 1024
"""Longest body of a request."""
STATUS: tuple[tuple[type[GatewayError], int], ...] = (
    (Unauthorized, 401),
    (Forbidden, 403),
    (Unknown, 404),
)
"""HTTP status by kind of error; the others are in `status_of`."""

log = structlog.get_logger("gateway.http")

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Unreadable(Refused):
    """The request does not have the form that the API document gives it."""


def application(parts: Parts, routes: Sequence[Route] = ROUTES) -> web.Application:
    """The application, with errors in JSON, bodies bounded, and an API key asked for by scope."""
    app = web.Application(client_max_size=BODY_BYTES, middlewares=[_faults, _problems])
    ending = asyncio.Event()

    async def end(_app: web.Application) -> None:
        ending.set()

    app.on_shutdown.append(end)
    for route in routes:
        app.router.add_route(route.method, route.path, _handler(parts, route, ending))
    return app


def _handler(parts: Parts, route: Route, ending: asyncio.Event) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if route.scope:
            header = request.headers.get("Authorization", "")
            await authorize(parts.store, header, route.scope)
        given: dict[str, Any] = {}
        if route.query:
            given["query"] = _converted(dict(request.query), route.query)
        if route.body:
            given["body"] = _decoded(await request.read(), route.body)
        answer = await route.operation(parts, *request.match_info.values(), **given)
        if isinstance(answer, Stream):
            return await send_stream(request, answer, route.content, ending)
        if isinstance(answer, File):
            return await send_file(request, answer)
        return _json(answer, route.status)

    return handle


def _converted(query: dict[str, str], into: type) -> Any:
    try:
        return msgspec.convert(query, into, strict=False)
    except msgspec.ValidationError as error:
        raise Unreadable(f"the query is wrong: {_sentence(error)}") from None


def _decoded(body: bytes, into: type) -> Any:
    try:
        return msgspec.json.decode(body or b"{}", type=into)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"the body is wrong: {_sentence(error)}") from None


def _sentence(error: Exception) -> str:
    said, _, where = str(error).partition(" - at `$")
    field = where.strip("`.")
    return f"`{field}`: {said}" if field else said


def status_of(error: GatewayError) -> int:
    """The HTTP status an error is answered with."""
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
    """What nobody foresaw, logged whole and answered in the same form as any other error."""
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
    """Every error as JSON `{error, act}`."""
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
        if status == 503:
            headers["Retry-After"] = str(int(getattr(error, "after_s", None) or 1))
        return _json(problem(error), status, headers)


def _json(value: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(value)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def address(bind: str) -> tuple[str, int]:
    """`host:port` or `[v6]:port` in two. Raises ConfigError."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"`http.bind` is {bind!r}; expected host:port, as 127.0.0.1:8090")
    return host, int(port)
