"""Fields whose numbers are names. For gateway and documents: no board carries this file."""

from wire.words import CAUSES, PROFILES, REASONS, RESULTS, WHY

ENUMS: "dict[str, tuple[str, ...]]" = {
    "cause": CAUSES,
    "profile": PROFILES,
    "why": WHY,
    "result": RESULTS,
    "reason": REASONS,
}
"""field of `wire.schema` -> its names, in the order of their numbers."""
