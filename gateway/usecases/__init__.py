"""What a caller can ask of the gateway, each once, under the command line and the REST API alike.

One file a noun: its use cases, and the Structs in which they take requests and show results. The
OpenAPI document and `--json` are made from these Structs. Instants are RFC 3339 text here,
milliseconds inside.

A use case is `async def name(parts, ..., body=..., query=...)`: the Parts, then what names the
thing, then the request as a Struct. It raises the errors of `gateway.errors`.
"""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.clock import Clock, parse_ms, wall_ms
from gateway.codecs import Codecs
from gateway.commands import Commands
from gateway.errors import Refused
from gateway.networks import Network
from gateway.sinks import Sinks
from gateway.store import Store

Limit = Annotated[int, Meta(ge=1, le=1000, description="how many at most")]
Eui = Annotated[str, Meta(pattern="^[0-9A-Fa-f]{16}$", description="16 hexadecimal digits")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


Tag = Annotated[
    str, Meta(pattern="^[0-9A-Za-z._:/=-]{1,50}$", description="letters, digits and . _ : / = -")
]
EVER_MS = 2**53
"""Later than every instant in RFC 3339."""


class Parts(Struct, frozen=True, kw_only=True):
    """What the use cases work with; the composition root makes it.

    network_kind: name of the kind of network server, as the configuration has it.
    public: whether counts are shown to everybody.
    """

    store: Store
    network: Network
    commands: Commands
    sinks: Sinks
    codecs: Codecs
    network_kind: str = ""
    clock: Clock = wall_ms
    public: bool = False


def listed(*names: str) -> Meta:
    """Lists names in the document, as `enum`; the use case refuses others with a sentence."""
    return Meta(extra_json_schema={"enum": list(names)})


def one_of(*names: str) -> Meta:
    """Lists names in the document and refuses others before the use case."""
    pattern = f"^({'|'.join(names)})$"
    return Meta(pattern=pattern, extra_json_schema={"enum": list(names)})


def instant_ms(text: str, field: str) -> int:
    """An instant of a request, ms since 1970. Raises Refused that names the field."""
    try:
        return parse_ms(text)
    except (ValueError, OverflowError):
        said = f"`{field}` is {text[:50]!r}: give an instant as 2026-01-31T12:00:00Z"
        raise Refused(said, field) from None


def span_ms(since: str, until: str) -> tuple[int, int]:
    """From an instant until before another; an empty one is no limit. Raises Refused."""
    since_ms = instant_ms(since, "since") if since else 0
    until_ms = instant_ms(until, "until") if until else EVER_MS
    if until_ms <= since_ms:
        raise Refused("`until` is not after `since`: nothing lies between them", "until")
    return since_ms, until_ms


class Done(Struct):
    """It is done. count: how many things it touched."""

    count: int = 1
