"""Fields whose numbers are names. For gateway and documents: no board carries this file."""

from wire.words import CAUSES, PROFILES, REASONS, RESULTS, ROLES, SICK, WHY

_SICK = tuple(
    "+".join(word for bit, word in enumerate(SICK) if bits >> bit & 1) or "well"
    for bits in range(1 << len(SICK))
)

ENUMS: "dict[str, tuple[str, ...]]" = {
    "cause": CAUSES,
    "profile": PROFILES,
    "why": WHY,
    "result": RESULTS,
    "reason": REASONS,
    **{f"sensor{number}": ROLES for number in (1, 2, 3)},
    **{f"sick{number}": _SICK for number in (1, 2, 3)},
}
"""field of `wire.schema` -> its names, in the order of their numbers."""
