"""Flags of a value: those that its age gives it, and whether it is still `ok`."""

DELAYED_S = 600
"""A reading older than this at its arrival is flagged `delayed`."""
HARMLESS = frozenset({"delayed", "low_battery"})
"""Flags beside which a value is still `ok`."""


def of_age(age_s: int | None) -> tuple[str, ...]:
    """The flags of a reading of that age; None: the device does not know."""
    if age_s is None:
        return ("clock_unsure",)
    return ("delayed",) if age_s > DELAYED_S else ()


def quality(flags: tuple[str, ...]) -> tuple[str, ...]:
    """The flags as gateway.events has them: `ok` first when none casts doubt on the value."""
    return flags if set(flags) - HARMLESS else ("ok", *flags)
