"""What the reply of an endpoint means, or that there was none."""

import socket
import ssl
from email.utils import parsedate_to_datetime

from gateway.errors import Refused, Retry
from gateway.sinks import Divisible, Gone
from gateway.sinks.webhook.addresses import BlockedError

RETRIED = frozenset({408, 425, 429})
"""Statuses below 500 that ask for another attempt. Source: RFC 9110; RFC 6585; RFC 8470."""
DIVIDED = frozenset({400, 413})
"""Statuses that may be about one event of several. Source: RFC 9110, 15.5.1 and 15.5.14."""
RETRY_AFTER_MAX_S = 24 * 3600.0


def judge(status: int, said: str, after_s: float | None, count: int = 1) -> None:
    """What an HTTP status means: returns for 2xx, else raises Retry, Refused or Gone.

    count: events that went together; of more than one, what is too large or wrong may be one.
    """
    answer = f"the endpoint answered {status}" + (f": {said}" if said else "")
    if 200 <= status < 300:
        return
    if status == 410:
        raise Gone(answer)
    if 300 <= status < 400:
        raise Retry(f"{answer} (a redirect, which is never followed: register the new address)")
    if status in RETRIED or status >= 500:
        raise Retry(answer, after_s=after_s)
    if count > 1 and status in DIVIDED:
        raise Divisible(f"{answer} (to {count} events together)")
    raise Refused(answer)


def not_reached(error: OSError, host: str, timeout_s: float) -> Retry | Refused:
    """What it means that no status came. host: that was to be reached."""
    if isinstance(error, BlockedError):
        return Refused(f"not sent: {error.strerror}: register a public address")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Retry(
            f"the certificate of {host} is not trusted ({error.verify_message}): the endpoint's "
            "owner installs a valid one with its whole chain"
        )
    if isinstance(error, TimeoutError):
        return Retry(f"no complete answer within {timeout_s:g} s")
    if isinstance(error, socket.gaierror):
        return Retry(f"not reached: the name {host} has no address ({error.strerror})")
    return Retry(f"not reached: {str(error) or type(error).__name__}")


def retry_after_s(text: str, now: float) -> float | None:
    """Seconds the endpoint asks to wait, 0 to 24 h; None when there is no valid Retry-After.

    now: seconds since 1970.  Source: RFC 9110, 10.2.3.
    """
    try:
        after_s = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(after_s, 0.0), RETRY_AFTER_MAX_S)
