"""What a setting is until it is given. Loaded when settings are read or change."""

from unload import unload

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from node.contracts import Facts, Setting

DEFAULTS = {
    "region": "eu868",
    "lang": "en",
    "start_jitter_s": 240,
    "confirm_every": 4,
    "batch": 1,
    "batch_whole": 1,
    "repeat": 0,
}
"""Those of all nodes; intervals and the rest are in `wire.profiles`."""


def complete(values: dict) -> dict:
    """The given values and the defaults of all others; intervals of the profile, or of a bin."""
    from wire.profiles import PROFILES

    unload("wire.profiles")
    profiles: "Facts" = PROFILES
    found: "dict[str, Setting]" = DEFAULTS.copy()
    for facts in profiles.values():
        for name, row in facts["settings"].items():
            found[name] = row[0]
    profile = profiles.get(values.get("profile", ""), profiles["bin"])
    found.update(report_s=profile["report_s"], sample_s=profile["sample_s"])
    found.update(values)
    return found
