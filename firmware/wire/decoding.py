"""Payloads from bytes, interpreted from the table: no board carries this file.

The form is `wire.codec`'s. The way back of commands is `wire.commands`.
"""

from wire import schema
from wire.codec import WireError, fields
from wire.commands import values


def unpack(fport: int, data: bytes) -> "tuple[str, list[dict[str, int | None]]]":
    """(name, [{field: value}, newest first]) of an uplink. Raises WireError."""
    name, rows = _at_port(fport)
    if not data or not data[0] or len(data) < 2 or (len(data) - 1) % data[0]:
        raise WireError("%s: %d bytes are not whole records" % (name, len(data)))
    step = data[0]
    return name, [values(name, rows, data[at : at + step]) for at in range(1, len(data), step)]


def _at_port(fport):
    for name, known in schema.PAYLOADS.items():
        if known[0] == fport:
            return name, fields(known[1])
    raise WireError("port %d: nothing is defined there" % fport)
