"""A bin: how full, and how far that can be trusted."""

FPORT = 10
FIELDS = (
    "fill 7 0 100 ?,"
    "distance 13 ?,"
    "valid 4,"
    "spread 10 ?,"
    "battery 8 2000 7080 20 ?,"
    "obstructed 1,"
    "suspect 1,"
    "low_battery 1,"
    "uncalibrated 1,"
    "event 2 0 2 ?,"
    "alarm 3 0 3 ?,"
    "tilted 2 0 1 ?,"
    "tilt 4 0 168 12 ?,"
    "temperature 7 -40 86 ?"
)
