"""API keys and user tokens: JSON Web Tokens as ChirpStack makes and checks them (HS256).

Source: ChirpStack 4.20.0, api/auth/{claims,mod,validator}.rs.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from chirpstack_api import api

AUDIENCE = ISSUER = "chirpstack"
USER_S = 86_400
"""A user's token lives one day; an API key has no end."""


class TokenError(Exception):
    """The token is refused; the message is ChirpStack's own name of the error."""


def sign(secret: bytes, claims: dict[str, Any]) -> str:
    """A token with these claims."""
    head = _encode(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    signed = f"{head}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def verify(secret: bytes, token: str, now_s: float) -> dict[str, Any]:
    """Claims of a token. Raises TokenError: InvalidToken, InvalidSignature or ExpiredSignature."""
    try:
        signed, signature = token.rsplit(".", 1)
        head, body = signed.split(".")
        algorithm = json.loads(_decode(head))["alg"]
        claims, mac = json.loads(_decode(body)), _decode(signature)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise TokenError("InvalidToken") from None
    if algorithm != "HS256":
        raise TokenError("InvalidAlgorithm")
    if not hmac.compare_digest(mac, hmac.digest(secret, signed.encode(), hashlib.sha256)):
        raise TokenError("InvalidSignature")
    if claims.get("exp") is not None and claims["exp"] < now_s:
        raise TokenError("ExpiredSignature")
    if claims.get("aud") != AUDIENCE:
        raise TokenError("InvalidAudience")
    return claims


@dataclass
class Access:
    """Who may call: the secret, the API keys there are, the one user."""

    email: str = "admin"
    password: str = "admin"  # noqa: S105 - ChirpStack's own default
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_id: str = field(default_factory=lambda: str(uuid4()))
    keys: dict[str, api.ApiKey] = field(default_factory=dict)

    def add_key(self, key: api.ApiKey) -> str:
        """Give the key its identifier, remember it, return its token."""
        key.id = str(uuid4())
        self.keys[key.id] = key
        return sign(self.secret, _claims(key.id, "key"))

    def login(self, email: str, password: str) -> str | None:
        """A user's token, or None for a wrong name or password."""
        if (email, password) != (self.email, self.password):
            return None
        claims = _claims(self.user_id, "user") | {"exp": int(time.time()) + USER_S}
        return sign(self.secret, claims)


def _claims(subject: str, kind: str) -> dict[str, Any]:
    return {"aud": AUDIENCE, "iss": ISSUER, "sub": subject, "typ": kind}


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
