"""API keys in requests: `Authorization: Bearer KEY`."""

from gateway.errors import Refused
from gateway.keys import digest
from gateway.model import ApiKey
from gateway.store import Store


class Unauthorized(Refused):
    """The request carries no valid API key."""

    act = "the caller asks the operator for an API key"


class Forbidden(Refused):
    """The API key may not do this."""

    act = "the caller asks the operator for a key of a wider scope"


async def authorize(store: Store, header: str, scope: str) -> ApiKey:
    """The key of an `Authorization: Bearer KEY` header, if it is valid and may do `scope`.

    Raises Unauthorized or Forbidden. The look-up is by digest, so its duration reveals nothing
    about the key.
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
