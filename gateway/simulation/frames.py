"""Frames of a device that is not there, with values that change."""

from collections.abc import Callable
from itertools import cycle
from typing import Any, cast

from wire import all_profiles, codec, meaning, schema

from gateway.devices import Reading, decoder
from gateway.errors import Refused
from gateway.model import Device

# the table of the device's code has no types
_codec, _meaning, _profiles, _schema = cast(
    "tuple[Any, Any, Any, Any]", (codec, meaning, all_profiles, schema)
)
STEPS = {
    "fill": (20, 5),
    "distance": (1000, -50),
    "level": (0, 20),
    "lux": (10, 15),
    "passages": (0, 3),
    "total": (0, 7),
    "battery": (3600, -20),
}
"""field: value of the first reading, and what each further one adds, for ten readings in turn."""
AGAIN = 10


def frames(device: Device, first_seq: int) -> Callable[[], tuple[int, bytes]]:
    """Gives (FPort, bytes) of one reading after the other, numbered from `first_seq`.

    A board of ours has values that move; another product sends its decoder's examples in turn.
    Raises Refused where there are none.
    """
    if device.profile not in _profiles.PROFILES:
        known = [
            one
            for one in decoder(device.decoder).UPLINKS
            if any(isinstance(report, Reading) for report in one.reports)
        ]
        if not known:
            raise Refused(f"the decoder {device.decoder!r} has no example of a reading", "device")
        turns = cycle([(one.fport, bytes.fromhex(one.data)) for one in known])
        return lambda: next(turns)
    name: str = _profiles.PROFILES[device.profile]["payload"]
    fport: int = _schema.PAYLOADS[name][0]
    example: dict[str, int | None] = _meaning.EXAMPLES[name][0]
    count = 0

    def made() -> tuple[int, bytes]:
        nonlocal count
        turn = count if "total" in example else count % AGAIN
        moving = {field: start + turn * by for field, (start, by) in STEPS.items()}
        values = {**example, **{key: one for key, one in moving.items() if key in example}}
        values |= {"seq": (first_seq + count) % 65536, "age": 0}
        count += 1
        return fport, _codec.frame([_codec.pack(name, values)])

    return made
