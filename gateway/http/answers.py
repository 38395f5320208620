"""Answers that are no JSON: streams and files."""

import asyncio
import contextlib
import hashlib
import mimetypes
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path

import structlog
from aiohttp import ETag, web

from gateway.errors import Refused, Unknown
from gateway.http.route import File, Stream

ALLOWED_S = 30.0
"""How often a stream's API key is looked up: one that was revoked gets no more."""
LOOK_S = 1.0
"""How soon a client that left is noticed while the stream has nothing to send."""
TYPES = mimetypes.MimeTypes()
"""The standard library's own table, not the machine's: the same everywhere."""
for _known, _extension in (
    ("text/javascript", ".js"),
    ("font/woff2", ".woff2"),
    ("application/geo+json", ".geojson"),
    ("application/manifest+json", ".webmanifest"),
):
    TYPES.add_type(_known, _extension)

log = structlog.get_logger("gateway.http")


async def send_stream(
    request: web.Request, stream: Stream, content: str, ending: asyncio.Event
) -> web.StreamResponse:
    """Send pieces until the stream ends, the client leaves or `ending` is set, then close it."""
    response = web.StreamResponse(
        headers={"Content-Type": content, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    try:
        await response.prepare(request)
        async for chunk in _while_connected(request, stream.chunks, ending):
            async with asyncio.timeout(stream.send_s):
                await response.write(chunk)
        await response.write_eof()
    except ConnectionError:
        log.info("a stream's client left", path=request.path, remote=request.remote)
    except TimeoutError:
        log.info("a stream's client does not read", path=request.path, remote=request.remote)
        _abort(request)
    except Exception:
        log.exception("a stream failed", path=request.path)
        _abort(request)  # the body is visibly cut, the only way left to report it
    finally:
        await stream.chunks.aclose()
    return response


def guarded(stream: Stream, allow: Callable[[], Awaitable[object]]) -> Stream:
    """The stream as long as `allow` raises no Refused; then it ends."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        due = loop.time() + ALLOWED_S
        async with contextlib.aclosing(stream.chunks):
            async for chunk in stream.chunks:
                if loop.time() >= due:
                    try:
                        await allow()
                    except Refused:
                        return
                    due = loop.time() + ALLOWED_S
                yield chunk

    return Stream(chunks(), stream.send_s)


async def _while_connected(
    request: web.Request, chunks: AsyncGenerator[bytes, None], ending: asyncio.Event
) -> AsyncIterator[bytes]:
    """The pieces. Raises ConnectionError once the client has left."""
    ended = asyncio.ensure_future(ending.wait())
    piece: asyncio.Future[bytes] | None = None
    try:
        while not ended.done():
            piece = piece or asyncio.ensure_future(anext(chunks))
            await asyncio.wait({piece, ended}, timeout=LOOK_S, return_when="FIRST_COMPLETED")
            if request.transport is None or request.transport.is_closing():
                raise ConnectionResetError
            if piece.done():
                try:
                    chunk = piece.result()
                except StopAsyncIteration:
                    return
                piece = None
                yield chunk
    finally:
        for waiting in (ended, piece):
            if waiting:
                waiting.cancel()
                with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
                    await waiting


def _abort(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


async def send_file(request: web.Request, file: File) -> web.Response:
    """The file, or 304 when the client has this content. Raises Unknown for what is not there."""
    path, body = await asyncio.to_thread(_read, file)
    tag = ETag(hashlib.sha256(body).hexdigest()[:32])  # a file's time may survive its change
    if any(one.value in {tag.value, "*"} for one in request.if_none_match or ()):
        response = web.Response(status=304)
    else:
        response = web.Response(body=body, headers={"Content-Type": _media_type(path)})
    response.etag = tag
    response.headers["Cache-Control"] = "no-cache"  # kept, but asked for with If-None-Match
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _read(file: File) -> tuple[Path, bytes]:
    try:
        root = file.folder.resolve()
        path = (root / file.name).resolve()
        if not path.is_relative_to(root):
            raise FileNotFoundError
        return path, path.read_bytes()
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        raise Unknown(f"there is no file {file.name[:200]!r} here") from None


def _media_type(path: Path) -> str:
    found, compressed = TYPES.guess_type(path.name)
    if found is None or compressed:
        return "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
