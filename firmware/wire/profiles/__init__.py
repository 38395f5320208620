"""What a device can be: the facts that node and gateway share, one file a profile.

FACTS of a file: payload: entry of `wire.schema.PAYLOADS`.  class: LoRaWAN class; A runs on a
battery and sleeps, C on mains and listens.  roles: the sensors it needs, as the board file names
them.  optional: those that it reads where the board file has them.  pace: the setting with the
time between two samples, at most 10 s, where it is not sample_s.  report_s, sample_s: default
intervals in s.  watch: the field whose change is sent before the report is due, and the setting
with the least change that counts (None: any change); None: no field.  settings: {name: (default,
allowed, kind)} as `node.settings` checks them, a node has those of all installed profiles; their
meanings are in `node/texts`.  ordered: (setting, least difference, greater setting, sentence where
they contradict).

A profile's fields, state and commands are `node/profiles/<name>.py`; its number in the `boot`
payload is its place in `wire.words.PROFILES`.
"""

import sys

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Facts: TypeAlias = dict[str, Any]


def of(name: str) -> "Facts | None":
    """The facts of a profile, or None where its file is not installed."""
    module = "wire.profiles." + name
    try:
        __import__(module)
    except ImportError:
        return None
    facts = sys.modules[module].FACTS
    if sys.implementation.name == "micropython":  # the heap of a board is small
        from unload import unload

        unload(module)
    return facts
