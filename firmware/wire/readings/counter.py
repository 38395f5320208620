"""A counter: its total."""

FPORT = 12
FIELDS = "total 32,boots 4,battery 8 2000 7080 20 ?,presence 1,suspect 1,low_battery 1"
