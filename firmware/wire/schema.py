"""Every payload (uplinks) and command (downlinks), whole: no board carries this file.

The form of a field is in `wire.table`.
"""

from wire.profiles import of
from wire.readings import HEAD
from wire.table import COMMANDS, REPORTS
from wire.words import PROFILES

__all__ = ("COMMANDS", "FIRST_REPORT", "PAYLOADS")

FIRST_REPORT = 20
"""Payloads of a smaller fport are readings: they start with `seq` and `age`, 16 bits each."""


def _reading(name):
    module = __import__("wire.readings." + name, None, None, ("*",))
    return module.FPORT, HEAD + module.FIELDS


PAYLOADS: "dict[str, tuple[int, str]]" = {}
"""name -> (fport, fields)."""

for _name in PROFILES[1:]:
    _payload = (of(_name) or {})["payload"]
    PAYLOADS[_payload] = _reading(_payload)
PAYLOADS.update(REPORTS)
