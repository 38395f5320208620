"""Whom a webhook trusts and by what certificate it is known: `[sinks.webhook.tls.<name>]`."""

import ssl
from pathlib import Path

from msgspec import Struct

from gateway.errors import ConfigError


class Trust(Struct, frozen=True, forbid_unknown_fields=True):
    """Files in PEM. ca_file: the authorities of the endpoint's certificate; None: the system's.

    cert_file: our certificate and its chain, for an endpoint that asks for one.  key_file: its
    key; None: it is in cert_file.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


def context(trust: Trust) -> ssl.SSLContext:
    """For the connections of one endpoint. Raises ConfigError for a file that cannot be used."""
    try:
        # only these authorities: the system's would vouch for another server of that name
        made = ssl.create_default_context(cafile=trust.ca_file)
        if trust.cert_file:
            made.load_cert_chain(trust.cert_file, trust.key_file)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(
            str(one) for one in (trust.ca_file, trust.cert_file, trust.key_file) if one
        )
        why = error.strerror or error.args[-1]
        raise ConfigError(
            f"{files}: no certificate or key in PEM, or not readable ({why})"
        ) from None
    made.set_alpn_protocols(["http/1.1"])
    return made
