"""What the reply of an endpoint means, or that there was none."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import aiohttp

from gateway.errors import Refused, Retry
from gateway.sinks import Gone

REPLY_BYTES = 64 * 1024
"""What is read of a reply; then the connection is closed."""
SHOWN_BYTES = 200
RETRIED = frozenset({408, 425, 429})
"""Statuses below 500 that ask for another attempt. Source: RFC 9110; RFC 6585; RFC 8470."""
RETRY_AFTER_MAX_S = 24 * 3600.0


def judge(status: int, said: str, after_s: float | None) -> None:
    """What an HTTP status means: returns for 2xx, else raises Retry, Refused or Gone."""
    answer = f"the endpoint answered {status}" + (f": {said}" if said else "")
    if 200 <= status < 300:
        return
    if status == 410:
        raise Gone(answer)
    if 300 <= status < 400:
        raise Retry(f"{answer} (a redirect, which is never followed: register the new address)")
    if status in RETRIED or status >= 500:
        raise Retry(answer, after_s=after_s)
    raise Refused(answer)


async def beginning(reply: aiohttp.ClientResponse) -> str:
    """Read at most REPLY_BYTES; returns the first SHOWN_BYTES as one line of printable text."""
    head = bytearray()
    size = 0
    async for chunk in reply.content.iter_chunked(8192):
        head += chunk[: SHOWN_BYTES - len(head)]
        size += len(chunk)
        if size >= REPLY_BYTES:
            reply.close()
            break
    text = " ".join(bytes(head).decode(errors="replace").split())
    return "".join(char if char.isprintable() else "?" for char in text)


def not_reached(error: BaseException, timeout_s: float) -> Retry | Refused:
    """What it means that no reply came."""
    system = getattr(error, "os_error", None)
    if isinstance(system, PermissionError):
        return Refused(f"not sent: {system.strerror}: register a public address")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        certificate = getattr(error.certificate_error, "verify_message", "") or str(error)
        return Retry(
            f"the certificate of {error.host} is not trusted ({certificate}): the endpoint's "
            "owner installs a valid one with its whole chain"
        )
    if isinstance(error, aiohttp.InvalidURL) or not isinstance(
        error, aiohttp.ClientError | TimeoutError | OSError
    ):
        return Refused(f"the URL cannot be called: {error}: register another one")
    if isinstance(error, TimeoutError):
        return Retry(f"no complete answer within {timeout_s:g} s")
    return Retry(f"not reached: {str(error) or type(error).__name__}")


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the endpoint asks to wait, 0 to 24 h; None when the header is absent or invalid.

    now: seconds since 1970.  Source: RFC 9110, 10.2.3.
    """
    text = headers.get("Retry-After", "")
    try:
        after_s = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(after_s, 0.0), RETRY_AFTER_MAX_S)
