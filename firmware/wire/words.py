"""Names of the table's enumerations, in the order of their numbers; names are only appended.

Apart from the table, because a board needs some of them when the table is not loaded.
"""

CAUSES = ("power", "soft", "watchdog", "deepsleep", "wiped")
PROFILES = ("none", "bin", "lamp", "counter", "parking", "people")
RESULTS = ("applied", "refused", "expired")
REASONS = (
    "ok", "malformed", "out_of_range", "unsupported", "below_floor", "manual", "safety",
    "clock_unknown", "gone", "failed",
)  # fmt: skip
ROLES = (
    "distance", "light", "motion", "field", "people", "temperature", "tilt", "power",
    "meter",
)  # fmt: skip
