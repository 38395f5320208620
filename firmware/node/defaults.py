"""What a setting is until it is given. Loaded when settings are read or change."""

from unload import unload

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from node.contracts import Setting

DEFAULTS = {
    "region": "eu868",
    "lang": "en",
    "start_jitter_s": 240,
    "confirm_every": 4,
    "batch": 1,
    "batch_whole": 1,
    "repeat": 0,
    "report_s": 3600,
    "sample_s": 600,
}
"""Those of all nodes; intervals and the rest of a profile are in `wire.profiles`."""


def complete(values: dict) -> dict:
    """The given values and the defaults of all others that the profile has."""
    from wire.profiles import of

    found: "dict[str, Setting]" = DEFAULTS.copy()
    facts = of(values.get("profile") or "none")
    if facts:
        for name, row in facts["settings"].items():
            found[name] = row[0]
        found["report_s"] = facts["report_s"]
        found["sample_s"] = facts["sample_s"]
    found.update(values)
    of = None
    unload("wire.profiles")
    return found


def other(name: str) -> "Setting":
    """The default of a setting of another profile that is installed, or None."""
    from wire.profiles import of
    from wire.words import PROFILES

    found = None
    for facts in map(of, PROFILES[1:]):
        if facts and name in facts["settings"]:
            found = facts["settings"][name][0]
    of = None
    unload("wire.profiles")
    return found
