"""Where webhooks may go: not to loopback, private, link-local or cloud metadata addresses.

An endpoint's name may resolve to any address, and to another one a second later (DNS rebinding).
So the check is made on the address that is about to be connected, not on the URL.
"""

import errno
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from string import punctuation
from typing import Any
from urllib.parse import quote

from yarl import URL

from gateway.errors import Refused, without_user

BLOCKED = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "5f00::/16", "64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
"""Special-purpose nets. Source: IANA special-purpose address registries (RFC 6890, RFC 8190)."""


_PARTS = re.compile(r"([^:/?#]+://[^/?#]*)(.*)", re.DOTALL)
"""Scheme and authority; the rest."""
AddrInfo = tuple[int, int, int, str, tuple[Any, ...]]
"""Family, type, protocol, canonical name, address; as socket.getaddrinfo returns it."""


class BlockedError(PermissionError):
    """The address lies in a private or special net, where webhooks are not sent."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} lies in a private or special net")


def is_blocked(address: str) -> bool:
    """Whether webhooks may not go to this address, a literal as the resolver gives it.

    What is not an address is blocked. An IPv4 address inside an IPv6 one counts as itself.
    """
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in net for net in BLOCKED if net.version == ip.version)


def is_local_name(host: str) -> bool:
    """Whether the name means this machine, whatever a name server says. Source: RFC 6761, 6.3."""
    return ("." + host.rstrip(".").lower()).endswith(".localhost")


def public(found: Sequence[AddrInfo]) -> list[AddrInfo]:
    """Those of a name's addresses that may be connected. Raises BlockedError when there is none.

    The others are left out before anything is sent; a name server may answer with both.
    """
    open_ = [one for one in found if not is_blocked(str(one[4][0]))]
    if found and not open_:
        raise BlockedError(str(found[0][4][0]))
    return open_


def check_text(url: str) -> None:
    """Raise Refused for what a URL never contains, before the rest of it is looked at."""
    if any(char.isspace() or not char.isprintable() for char in url):
        raise Refused(
            f"{without_user(url)!r} has a blank or a control character: write a blank as %20"
        )


def written(url: str) -> URL:
    """The URL as it goes out: byte for byte, but that characters beyond ASCII are encoded."""
    parts = _PARTS.match(url)
    if parts is None:
        raise ValueError("it has no scheme and host")
    origin, path = parts.groups()
    return URL(f"{URL(origin)}{quote(path, safe=punctuation)}", encoded=True)


def check_url(url: str, *, allow_private: bool) -> None:
    """Raise Refused unless the URL can be an endpoint: absolute http(s), no user, not inside."""
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    host = parsed.host or ""
    if parsed.scheme not in {"http", "https"} or not host:
        raise Refused(
            f"{without_user(url)!r} is no address of a webhook: give an absolute http or https URL"
        )
    if parsed.user or parsed.password:
        raise Refused("a URL with a user or password is refused: the signature proves the sender")
    if allow_private:
        return
    literal = ":" in host or host.replace(".", "").isdigit()
    if is_local_name(host) or (literal and is_blocked(host)):
        raise Refused(
            f"{host} lies in a private net: give a public address, or let the operator set "
            "`[delivery] allow_private = true`"
        )
