"""Illuminance outdoors under a clear sky, from the height of the sun.

It is the bench's own, not the node's: a shared mistake in the sun would pass everywhere.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)

# From (degrees): coefficients of log10(lux) in powers of elevation / 90.
# Source: Janiczek and DeYoung, USNO Circular 171 (1987), table 1.
_POLYNOMIALS = (
    (20.0, (3.74, 3.97, -4.07, 1.47)),
    (5.0, (3.05, 13.28, -45.98, 64.33)),
    (-0.8, (2.88, 22.26, -207.64, 1034.30)),
    (-5.0, (2.88, 21.81, -258.11, -858.36)),
    (-12.0, (2.70, 12.17, -431.69, -1899.83)),
    (-18.0, (13.84, 262.72, 1447.42, 2797.93)),
)
_NIGHT_LUX = 0.00065
"""Stars and airglow without moon; the same circular."""


def sun_elevation_deg(when: datetime, latitude: float, longitude: float) -> float:
    """Height of the sun's centre above the horizon without refraction; right to 0.05 degrees.

    when: an aware datetime. latitude, longitude: degrees, north and east positive.
    Source: Astronomical Almanac, low-precision formulas (section C), good from 1950 to 2050.
    """
    days = (when - J2000).total_seconds() / 86400
    anomaly = math.radians(357.528 + 0.9856003 * days)
    ecliptic = math.radians(
        280.460 + 0.9856474 * days + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)
    )
    tilt = math.radians(23.439 - 0.0000004 * days)
    ascension = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    sidereal = math.radians((18.697374558 + 24.06570982441908 * days) % 24 * 15 + longitude)
    north = math.radians(latitude)
    sine = math.sin(north) * math.sin(declination) + math.cos(north) * math.cos(
        declination
    ) * math.cos(sidereal - ascension)
    return math.degrees(math.asin(sine))


def clear_sky_lux(elevation_deg: float) -> float:
    """Horizontal illuminance in lux under a clear sky without moon."""
    for least, coefficients in _POLYNOMIALS:
        if elevation_deg >= least:
            x = elevation_deg / 90
            return 10 ** sum(c * x**power for power, c in enumerate(coefficients))
    return _NIGHT_LUX
