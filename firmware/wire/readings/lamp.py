"""A lamp: its level, its light, its meter."""

FPORT = 11
FIELDS = (
    "level 7 0 100 ?,"
    "why 4 0 7,"
    "lux 17 ?,"
    "presence 1,"
    "passages 10 ?,"
    "saturated 1,"
    "suspect 1,"
    "energy 20 ?,"
    "power 11 0 4092 2 ?,"
    "mains 8 0 508 2 ?"
)
WHY = ("default", "programme", "photocell", "presence", "failsafe", "command", "manual", "safety")
"""Names of `why`, in the order of its numbers; names are only appended."""
