"""What a setting is until it is given. Loaded when settings are read or change."""

from unload import unload

DEFAULTS = {
    "region": "eu868",
    "start_jitter_s": 0,
    "confirm_every": 4,
    "empty_mm": 1200,
    "height_mm": 1000,
    "delta": 5,
    "on_lux": 20,
    "off_lux": 50,
    "night_level": 100,
    "boost_level": 100,
    "boost_s": 60,
    "ramp_s": 2,
    "failsafe_min": 1440,
    "failsafe_level": 100,
    "programme": (),
}
"""Without the intervals: those are the profile's."""


def complete(values: dict) -> dict:
    """The given values and the defaults of all others; intervals of the profile, or of a bin."""
    from wire.profiles import PROFILES

    profile = PROFILES.get(values.get("profile"), PROFILES["bin"])
    unload("wire.profiles")
    found = DEFAULTS.copy()
    found.update(report_s=profile["report_s"], sample_s=profile["sample_s"])
    found.update(values)
    return found
