"""Headers that an operator adds to the requests of a webhook."""

import re
from collections.abc import Mapping

from gateway.errors import Refused

MOST = 20
MOST_BYTES = 4096
OURS = frozenset(
    {
        "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip
"""Who is asked, where a request ends and what is in it is the gateway's to say.

Source: RFC 9110, 7.2 and 7.6.1; RFC 9112, 6.
"""
SIGNED = ("webhook-", "proxy-")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""Source: RFC 9110, 5.6.2, token."""
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
"""Source: RFC 9110, 5.5, without bytes beyond ASCII."""


def check(headers: Mapping[str, str]) -> None:
    """Raise Refused unless all can be sent. No value is shown: it may be a secret."""
    if len(headers) > MOST or sum(len(n) + len(v) for n, v in headers.items()) > MOST_BYTES:
        raise Refused(f"at most {MOST} headers of {MOST_BYTES} bytes in all", "headers")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            said = f"{name[:50]!r} is no name of a header: use letters, digits and -"
        elif name.lower() in OURS or name.lower().startswith(SIGNED):
            said = f"the header {name} is the gateway's own: leave it out"
        elif not _VALUE.fullmatch(value):
            said = (
                f"the value of the header {name} has a character that none may have, as a line "
                "break or a blank at an end: leave it out"
            )
        else:
            continue
        raise Refused(said, "headers")
    if len({name.lower() for name in headers}) < len(headers):
        raise Refused("a header is named twice, in other letters: leave one out", "headers")
