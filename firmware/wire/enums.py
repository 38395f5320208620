"""Fields whose numbers are names. For gateway and documents: no board carries this file."""

from wire.readings.lamp import WHY
from wire.words import CAUSES, PROFILES, REASONS, RESULTS, ROLES

SICK = ("absent", "stuck", "noisy", "drifting")
"""By bit, the lowest first: a sensor may be sick in several ways."""
_SICK = tuple(
    "+".join(word for bit, word in enumerate(SICK) if bits >> bit & 1) or "well"
    for bits in range(1 << len(SICK))
)

_EVENTS = ("none", "overflow", "emptied")
_ALARMS = ("none", "shock", "dropped", "fire")

ENUMS: "dict[str, tuple[str, ...]]" = {
    "cause": CAUSES,
    "profile": PROFILES,
    "why": WHY,
    "result": RESULTS,
    "reason": REASONS,
    "event": _EVENTS,
    "alarm": _ALARMS,
    "sensor1": ROLES,
    "sick1": _SICK,
    "sensor2": ROLES,
    "sick2": _SICK,
    "sensor3": ROLES,
    "sick3": _SICK,
}
"""field of `wire.schema` -> its names, in the order of their numbers."""
