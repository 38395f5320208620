"""The limits of a board's settings, which the node checks by the same table."""

from typing import Any, cast

from wire import limits

from gateway.errors import Refused
from gateway.regions import REGIONS

LIMITS = cast(
    "dict[str, tuple[Any, str]]",
    limits.LIMITS,  # pyright: ignore[reportUnknownMemberType] - a literal of the device's
)
"""setting -> (allowed, kind); see `firmware/wire/limits.py`."""


def number(setting: str) -> tuple[int, int]:
    """Lowest and highest of a setting that is a number."""
    low, high = LIMITS[setting][0]
    return low, high


def check(device_json: dict[str, Any]) -> None:
    """Raise Refused for a device.json that its board would refuse. Keys are checked elsewhere."""
    for setting, value in device_json.items():
        allowed, kind = LIMITS.get(setting, (None, ""))
        if kind == "text" and len(value) > allowed:
            raise Refused(
                f"the {setting} of a board has at most {allowed} characters, {value!r} has "
                f"{len(value)}: give a shorter one",
                setting,
            )
        if kind == "number" and not allowed[0] <= value <= allowed[1]:
            said = f"{setting} is {value}, a board takes {allowed[0]} to {allowed[1]}"
            raise Refused(said, setting)
    region = device_json["region"].upper()
    if region not in REGIONS:
        known = ", ".join(REGIONS)
        raise Refused(f"the firmware has no region {region}, as the network server has: {known}")
