"""One operation of the REST API: what is called, what goes in, and what comes out."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any, get_type_hints

from msgspec import Struct


class Stream(Struct, frozen=True):
    """An answer in pieces, which may have no end.

    chunks: closed when the client leaves, when it does not read, and when the service ends.
    send_s: how long the client may take to read one piece.
    """

    chunks: AsyncGenerator[bytes, None]
    send_s: float = 30.0


class File(Struct, frozen=True):
    """A file as answer, read whole: for the parts of a page, not for exports.

    folder: nothing outside of it is served.  name: below it, as the request gives it.
    """

    folder: Path
    name: str


class Route(Struct, frozen=True, kw_only=True):
    """One operation.

    operation: the use case; gets the Parts, the parts of the path in their order, then `body`,
    `query` and `headers` as the Structs it takes; a field of `headers` is named like its header.
    caller: it also gets the name of the API key as `caller`.
    name: the operation's id in the document.
    scope: of the API key, empty is open to all.  reply: what it gives: a Struct, Stream or File,
    None for other JSON.  content: media type of the reply.  errors: other statuses, each with a
    `gateway.errors.Problem`.
    """

    name: str
    method: str
    path: str
    scope: str
    operation: Callable[..., Awaitable[Any]]
    summary: str
    reply: type[Struct] | None = None
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    headers: type[Struct] | None = None
    status: int = 200
    content: str = "application/json"
    errors: tuple[int, ...] = ()
    caller: bool = False


def route(
    name: str,
    line: str,
    scope: str,
    operation: Callable[..., Awaitable[Any]],
    *,
    status: int = 200,
    content: str = "",
    errors: tuple[int, ...] = (),
) -> Route:
    """A Route from a use case: its annotations give types, its docstring the summary.

    line: method and path.  content: of a Stream or File; JSON needs none.
    errors: beside those that every operation of this form has.
    """
    method, path = line.split()
    types = get_type_hints(operation)
    body = types.get("body")
    query = types.get("query")
    reply = types["return"]
    found = {400, 500, 503, *errors}
    found |= {401, 403} if scope else set()
    found |= {413, 422} if body else set()
    found |= {404} if "{" in path else set()
    return Route(
        name=name,
        method=method,
        path=path,
        scope=scope,
        operation=operation,
        summary=(operation.__doc__ or "").partition("\n")[0],
        reply=reply if isinstance(reply, type) and issubclass(reply, Struct) else None,
        body=body,
        query=query,
        headers=types.get("headers"),
        status=status,
        content=content or "application/json",
        errors=tuple(sorted(found)),
        caller="caller" in types,
    )
