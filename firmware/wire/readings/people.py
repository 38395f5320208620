"""People by direction, in closed intervals."""

FPORT = 14
FIELDS = (
    "inbound 20 0 999999 ?,"
    "outbound 20 0 999999 ?,"
    "hidden 4 0 28 2 ?,"
    "suspect 1,"
    "low_battery 1,"
    "partial 1,"
    "open 1"
)
