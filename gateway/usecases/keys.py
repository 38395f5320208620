"""API keys: make, list and revoke them."""

from typing import Annotated

from msgspec import Struct

from gateway.keys import SCOPES, new_key
from gateway.usecases import Done, Name, Parts, listed


class KeyRequest(Struct, forbid_unknown_fields=True):
    """A key to make. scope: what it may do; each scope includes those before it."""

    name: Name
    scope: Annotated[str, listed(*SCOPES)] = "read"


class KeyCreated(Struct):
    """A new API key. key: for its owner, shown only here."""

    id: str
    name: str
    scopes: tuple[str, ...]
    key: str


class KeyView(Struct):
    """An API key without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]


async def add(parts: Parts, *, body: KeyRequest) -> KeyCreated:
    """Make an API key; it is shown only once."""
    record, text = new_key(body.name, body.scope, parts.clock())
    await parts.store.write(lambda tx: tx.add_api_key(record))
    return KeyCreated(record.id, record.name, record.scopes, text)


async def find_all(parts: Parts) -> list[KeyView]:
    """All API keys, in the order they were made."""
    found = await parts.store.read(lambda view: view.api_keys())
    return [KeyView(one.id, one.name, one.scopes) for one in found]


async def revoke(parts: Parts, key_id: str) -> Done:
    """Revoke an API key at once."""
    await parts.store.write(lambda tx: tx.remove_api_key(key_id))
    return Done()
