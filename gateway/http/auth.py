"""API keys: 256 random bits, shown once, kept as SHA-256.

A fast hash is right here: there is nothing to guess in 256 bits, and a slow one on every request
would be a way to stop the service.
"""

import hashlib
import secrets

from gateway.errors import Refused
from gateway.model import ApiKey
from gateway.store import Store

SCOPES = ("read", "command", "admin")
"""What a key may do; each includes those before it."""
PREFIX = "lamp_"


class Unauthorized(Refused):
    """The request carries no valid API key."""

    act = "the caller asks the operator for an API key"


class Forbidden(Refused):
    """The API key may not do this."""

    act = "the caller asks the operator for a key of a wider scope"


def new_key(name: str, scope: str, now_ms: int) -> tuple[ApiKey, str]:
    """Make a key: the record to store and the text for its owner, which is stored nowhere.

    Raises Refused for an unknown scope.
    """
    if scope not in SCOPES:
        raise Refused(f"scope {scope!r} is unknown: use {', '.join(SCOPES)}")
    text = PREFIX + secrets.token_urlsafe(32)
    record = ApiKey(
        id="key_" + secrets.token_hex(6),
        name=name,
        digest=digest(text),
        scopes=SCOPES[: SCOPES.index(scope) + 1],
        created_at_ms=now_ms,
    )
    return record, text


def digest(text: str) -> str:
    """SHA-256 of a key, hex: what the store holds and is looked up by."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


async def authorize(store: Store, header: str, scope: str) -> ApiKey:
    """The key of an `Authorization: Bearer KEY` header, if it is valid and may do `scope`.

    Raises Unauthorized or Forbidden. The look-up is by digest, so that its duration tells
    nothing about the key.
    """
    kind, _, text = header.partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise Unauthorized("this needs an API key: send `Authorization: Bearer KEY`")
    wanted = digest(text.strip())
    key = await store.read(lambda view: view.api_key(wanted))
    if key is None:
        raise Unauthorized("this API key is unknown or was revoked: ask the operator for one")
    if scope not in key.scopes:
        raise Forbidden(f"this key may {' and '.join(key.scopes)}; this needs scope {scope}")
    return key
