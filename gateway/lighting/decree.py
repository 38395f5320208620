"""What a night does not keep of the French decree of 27-12-2018 on light nuisance.

Source: arrêté du 27 décembre 2018 relatif à la prévention, à la réduction et à la limitation des
nuisances lumineuses (NOR TREP1831126A), article 2: lit at sunset at the earliest; heritage and
facades off at 01:00 at the latest; parks off at 01:00, or 1 h after they close; car parks of an
activity off 2 h after its end and lit again at 07:00 at the earliest. Road lighting has no hour
there. What lights up for somebody who is present is not looked at.
"""

from collections.abc import Sequence
from typing import Protocol

from gateway.lighting.source import Source

ACT = "arrêté du 27-12-2018, article 2"
AFTER_MIN = {"park": 60, "activity_parking": 120}
LATEST_MIN = 780
AGAIN_MIN = 1140
"""01:00 and 07:00, minutes since noon."""


class Lit(Protocol):
    """From an instant on, a level."""

    @property
    def at(self) -> str: ...  # noqa: D102 - RFC 3339
    @property
    def clock(self) -> str: ...  # noqa: D102 - HH:MM and more
    @property
    def level(self) -> int: ...  # noqa: D102 - %


def findings(source: Source, steps: Sequence[Lit], sunset: str | None) -> list[str]:
    """A sentence for each rule that a night does not keep. steps: from noon on, in order."""
    if source.use == "street":
        return []
    if source.use == "activity_parking" and not source.closes:
        return [f"`closes` is missing: {ACT} counts from the end of the activity"]
    found = _too_early(steps, sunset)
    limit = _limit_min(source)
    until = AGAIN_MIN if source.use == "activity_parking" else 1440
    late = [one for one in steps if one.level and limit <= _since_noon(one.clock) < until]
    still = [one for one in steps if _since_noon(one.clock) <= limit]
    if late or (still and still[-1].level):
        last = f"{(limit // 60 + 12) % 24:02}:{limit % 60:02}"
        found.append(f"it is lit after {last}, when a {source.use} has to be off ({ACT})")
    return found


def _too_early(steps: Sequence[Lit], sunset: str | None) -> list[str]:
    for one in steps:
        if one.level:
            if not sunset or one.at < sunset:
                return [f"it is lit at {one.clock}, before sunset ({ACT})"]
            break
    return []


def _limit_min(source: Source) -> int:
    """When it has to be off, minutes since noon."""
    if source.closes and source.use in AFTER_MIN:
        return _since_noon(source.closes) + AFTER_MIN[source.use]
    return LATEST_MIN


def _since_noon(clock: str) -> int:
    hours, minutes = clock[:5].split(":")
    return (int(hours) * 60 + int(minutes) - 720) % 1440
