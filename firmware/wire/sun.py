"""Sunrise, sunset and civil twilight to the minute, in single precision."""

from math import acos, asin, atan2, cos, radians, sin

SET, CIVIL = 90.833, 96.0
"""Zenith angles in degrees: the sun's rim on the horizon with refraction; civil twilight."""


def day_of(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a date."""
    years = year - (month < 3)
    months = (month + 9) % 12
    leaps = years // 4 - years // 100 + years // 400
    return years * 365 + leaps + (153 * months + 2) // 5 + day - 719469


def sun_minutes(day: int, latitude: float, longitude: float, zenith: float = SET) -> tuple:
    """(rise, set) in minutes of the UTC day; the sun is up while rise <= minute < set.

    day: since 1970-01-01. latitude, longitude: degrees, north and east positive.
    Minutes may lie before 0 or after 1440. Never down: (-1440, 2880). Never up: (720, 720).
    Source: the Astronomical Almanac's low-precision sun (0.01 degrees from 1950 to 2050).
    """
    rise = _cross(day, 360 - 4 * longitude, latitude, longitude, zenith, -1)
    fall = _cross(day, 1080 - 4 * longitude, latitude, longitude, zenith, 1)
    if rise is None or fall is None:
        declination, _ = _sun(day, 720)
        up = abs(latitude - declination) < 90
        return (-1440, 2880) if up else (720, 720)
    return rise, fall


def _cross(day, minute, latitude, longitude, zenith, side):
    """The minute of a crossing, from a guess, in two rounds; None where there is none."""
    for _ in range(2):
        declination, ahead = _sun(day, minute)
        lat, dec = radians(latitude), radians(declination)
        hour = (cos(radians(zenith)) - sin(lat) * sin(dec)) / (cos(lat) * cos(dec))
        if not -1 < hour < 1:
            return None
        minute = 720 - 4 * longitude - ahead + side * 4 * acos(hour) * 57.29578
    return int(minute + 2880.5) - 2880


def _sun(day, minute):
    """(declination in degrees, minutes the sun is ahead of the clock)."""
    days = day - 10957 + (minute - 720) / 1440  # since 2000-01-01 12:00
    mean = (280.460 + 0.9856474 * days) % 360
    anomaly = radians((357.528 + 0.9856003 * days) % 360)
    true = radians(mean + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.0000004 * days)
    ascension = atan2(cos(tilt) * sin(true), cos(true)) * 57.29578
    ahead = (mean - ascension + 180) % 360 - 180
    return asin(sin(tilt) * sin(true)) * 57.29578, 4 * ahead
