"""A bay: its car, since when, and the field."""

FPORT = 13
FIELDS = (
    "occupied 2 0 1 ?,"
    "since 13 ?,"
    "lasted 13 ?,"
    "field 8 0 50800 200 ?,"
    "battery 8 2000 7080 20 ?,"
    "conflict 1,"
    "suspect 1,"
    "low_battery 1,"
    "uncalibrated 1"
)
