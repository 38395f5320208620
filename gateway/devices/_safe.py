"""Our own devices' report of safe mode as a fault of the device."""

from itertools import takewhile

from gateway.devices import Fault
from gateway.devices._wire import ENUMS, Fields
from gateway.errors import Lost

CODE = "SAFE_MODE"
"""Of `gateway.troubles`."""


def text(fields: Fields) -> str:
    """The begin of the last exception; empty where there is none.

    It is what precedes the first absent field: a number of up to 6 bytes of UTF-8 each.
    """
    numbers = takewhile(bool, (fields[name] for name in fields if name.startswith("text")))
    data = b"".join(one.to_bytes(6, "big").lstrip(b"\0") for one in numbers if one)
    return data.decode(errors="replace")


def safe(fields: Fields) -> Fault:
    """Safe mode: how often it crashed, and the exception where one was kept."""
    crashes, cause = fields["crashes"], fields["cause"]
    if crashes is None or cause is None:
        raise Lost("safe: the record ends before the cause")
    said = text(fields) or ENUMS["cause"][cause]
    return Fault(code=CODE, description=f"{crashes} crashes, the last: {said}")
