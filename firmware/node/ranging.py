"""From the pings of a distance sensor to one distance: what all drivers of that role share."""

from micropython import const

_CLUSTERS_MM = const(80)
_RIGHT_BEFORE_MM = const(150)


def judge(pings: list, near_mm: int, far_mm: int) -> dict:
    """Median and 1.5 x MAD of the pings (mm) within the sensor's range.

    Pings nearer than the range count as `near_mm`: the sensor cannot measure there, but there is a
    surface, as of a bin that overflows. One alone is a stray echo. 0 is no echo.
    Two clusters mean something in the way: right before the sensor it is a bracket or a liner, and
    the farther one is the surface (obstructed is 2); else a bag that sticks up, whose top is the
    nearer one (1, as where the surface is right before the sensor).
    Returns {distance: mm or None, valid: pings that count, spread: mm or None, obstructed}.
    """
    good = [mm for mm in pings if near_mm <= mm <= far_mm]
    near = len([mm for mm in pings if 0 < mm < near_mm])
    if near > 1:
        good += [near_mm] * near
    good.sort()
    obstructed = 0
    median = spread = None
    for at in range(2, len(good) - 1):  # one stray echo is no cluster
        if good[at] - good[at - 1] > _CLUSTERS_MM:
            bracket = good[at - 1] < _RIGHT_BEFORE_MM
            obstructed = 1 + bracket
            good = good[at:] if bracket else good[:at]
            break
    if good:
        median = good[len(good) // 2]
        if median < _RIGHT_BEFORE_MM or median == near_mm:
            obstructed = 1
        spread = sorted([abs(mm - median) for mm in good])[len(good) // 2] * 3 // 2
    return {
        "distance": median, "valid": len(good), "spread": spread, "obstructed": obstructed
    }  # fmt: skip


def parse(raw: bytes) -> list:
    """Distances (mm) of every frame FF H L SUM with a valid sum; resynchronises on FF."""
    found = []
    at = 0
    while at + 4 <= len(raw):
        head, high, low, total = raw[at : at + 4]
        if head == 0xFF and total == (0xFF + high + low) & 0xFF:
            found.append(high << 8 | low)
            at += 4
        else:
            at += 1
    return found
