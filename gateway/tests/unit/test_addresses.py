"""Which addresses a webhook may be sent to."""

import socket

import pytest

from gateway.errors import Refused
from gateway.sinks.webhook.addresses import (
    BlockedError,
    check_text,
    check_url,
    is_blocked,
    public,
)

BLOCKED = (
    "127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "0.1.2.3", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1",
    "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "100::1", "5f00::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1", "localhost", "0x7f.1", "2130706433",
)  # fmt: skip
PUBLIC = (
    "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
)  # fmt: skip


@pytest.mark.parametrize("address", BLOCKED)
def test_inside_addresses_are_blocked(address):
    assert is_blocked(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_not(address):
    assert not is_blocked(address)


def found(*addresses):
    return [
        (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80))
        for one in addresses
    ]


def test_a_name_with_blocked_addresses_alone_is_not_called():
    with pytest.raises(BlockedError, match=r"169\.254\.169\.254"):
        public(found("169.254.169.254", "::1"))


def test_of_public_and_blocked_addresses_the_public_ones_are_called():
    """The answer of a name server that tries both, to get inside by the second."""
    both = found("10.0.0.1", "8.8.8.8", "::ffff:10.0.0.1", "2606:4700::1111")

    assert public(both) == [both[1], both[3]]
    assert public([]) == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "example.org", "", "http://", "http:///x", "javascript:alert(1)",
        "https://user:pw@example.org/", "https://user@example.org/", "http://[::1",
        "//example.org/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_webhook_is_refused(url):
    with pytest.raises(Refused):
        check_url(url, allow_private=True)


@pytest.mark.parametrize("url", ["ftp://u:s3cret@h/", "u:s3cret@h", "ftp://u:s3@h/%00"])
def test_a_password_in_what_is_refused_is_not_printed(url):
    with pytest.raises(Refused) as error:
        check_url(url, allow_private=True)

    assert "s3" not in str(error.value)


def test_a_password_in_an_address_with_a_blank_is_not_printed():
    with pytest.raises(Refused) as error:
        check_text("https://u:s3 cret@h/")

    assert "s3" not in str(error.value)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "10.0.0.1:8080", "0",
        "localhost", "LOCALHOST.", "a.b.localhost",
    ],
)  # fmt: skip
def test_a_private_literal_is_refused_when_the_webhook_is_added(host):
    with pytest.raises(Refused, match="private"):
        check_url(f"http://{host}/", allow_private=False)
    check_url(f"http://{host}/", allow_private=True)


def test_a_name_is_judged_only_when_it_is_resolved():
    check_url("https://backend.example.org/events?key=1", allow_private=False)
    check_url("https://notlocalhost/", allow_private=False)
