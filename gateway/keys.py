"""API keys: 256 random bits, shown once, kept as SHA-256.

A fast hash is right here: 256 random bits cannot be guessed, and a slow hash on every request
would let any client overload the service.
"""

import hashlib
import secrets

from gateway.errors import Refused
from gateway.model import ApiKey

SCOPES = ("read", "command", "admin")
"""What a key may do; each includes those before it."""
PREFIX = "lamp_"


def new_key(name: str, scope: str, now_ms: int) -> tuple[ApiKey, str]:
    """Make a key: the record to store, and the text for its owner, which is stored nowhere.

    Raises Refused for an unknown scope.
    """
    if scope not in SCOPES:
        raise Refused(f"scope {scope!r} is unknown: use {', '.join(SCOPES)}", "scope")
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
    """SHA-256 of a key, hexadecimal: what the store holds and looks a key up by."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
