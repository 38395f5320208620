"""A lamp's programme: bytes that say its level at any instant. Node and preview run this file.

Bytes: version (2); standard time, quarter hours east of UTC; summer time, row of SUMMER, 0: none;
active period, its bits; minutes from sunset, and from sunrise, -128 to 127; level while somebody
is present, 0: the lamp's own; rows of the calendar. A row has 6: month and day of first and last
date, days of the week (bit 0: Monday), day type; the first that fits counts, without one day type
0. Then the day types: number of steps and, each, minutes since local noon (2) and level in %, the
night before its first step is as after its last. At the end 2 bytes of the CRC-32 of all others.
A night is of the date on which it begins: days go from noon to noon.

Of the sun its height at an instant is asked, not the time of a crossing: so it is right where the
other crossing lies in the neighbouring day of UTC, in polar day and in polar night. It stands in
this file because a second one would take 140 bytes of a node's heap.
"""

from binascii import crc32
from math import atan2, cos, radians, sin, sqrt

ASTRO = 1
PHOTOCELL = 2
BOTH = 4
TWILIGHT = 8
"""Bits of the active period: by the sun, by the photocell, by both at once (without it either is
enough), until the end of civil twilight. Neither of the first two: always."""
SUMMER = (
    b"",
    b"\x03\x19\x3c\x0a\x19\x3c\x00",  # European Union: 25 March, 01:00, 25 October, 01:00 UTC
    b"\x03\x08\x78\x0b\x01\x3c\x01",  # United States: 8 March, 02:00, 1 November, 01:00
    b"\x0a\x01\x78\x04\x01\x78\x01",  # south-east of Australia: 1 October, 1 April, 02:00
    b"\x09\x18\x78\x04\x01\x78\x01",  # New Zealand: 24 September, 1 April, 02:00
)
"""Summer time begins and ends on the first Sunday from month, day, at a minute: of UTC (0), of
local standard time (1). Source: directive 2000/84/EC, 15 U.S.C. 260a, the time zone database."""
SET = -0.014538
CIVIL = -0.104528
"""Sines of the sun's height: its rim on the horizon with refraction (-0.833 degrees), and the end
of civil twilight (-6 degrees)."""
PRESENCE = 7
"""Place of the level while somebody is present."""
_HEAD = 9
_NOON_S = 43200


def whole(data: bytes) -> bool:
    """Are these bytes as they were made?"""
    return crc32(data[:-2]) & 0xFFFF == data[-2] << 8 | data[-1]


def local(data: bytes, unix: int) -> int:
    """Seconds since 1970 of the clocks on the wall."""
    standard_s = _signed(data[2]) * 900
    return unix + standard_s + 3600 * _summer(SUMMER[data[3]], unix, standard_s)


def level(data: bytes, unix: int, night: "bool | None", latitude: int, longitude: int) -> int:
    """Level in %; -1 outside the active period. Raises IndexError for bytes that are none.

    night: of the photocell, None: not known.  latitude, longitude: 1/1000 degree, north and east
    positive; both 0: not known. What is not
    known does not count; where nothing is, the lamp is on.
    """
    said = []
    mode = data[4]
    if mode & ASTRO and (latitude or longitude):
        past_noon = height(unix, latitude, longitude)[1]
        unix_shifted = unix - 60 * _signed(data[5 if past_noon else 6])
        sine = height(unix_shifted, latitude, longitude)[0]
        said.append(sine < (CIVIL if mode & TWILIGHT else SET))
    if mode & PHOTOCELL and night is not None:
        said.append(night)
    if said and not (all(said) if mode & BOTH else any(said)):
        return -1
    day, since_noon = divmod(local(data, unix) - _NOON_S, 86400)
    at = _HEAD + 6 * data[_HEAD - 1]
    for _ in range(_day_type(data, day)):
        at += 1 + 3 * data[at]
    last = at + 3 * data[at]
    found = data[last]  # of the day before, until the first step
    for step in range(at + 1, last, 3):
        if (data[step] << 8 | data[step + 1]) * 60 > since_noon:
            break
        found = data[step + 2]
    return found


def _signed(byte):
    return (byte ^ 128) - 128


def _year(day):
    year = 1970 + (day + 2) * 400 // 146097
    return year - (day < day_of(year, 1, 1))


def _day_type(data, day):
    year = _year(day)
    for row in range(_HEAD, _HEAD + 6 * data[_HEAD - 1], 6):
        first = day_of(year, data[row], data[row + 1])
        last = day_of(year, data[row + 2], data[row + 3])
        within = first <= day <= last if first <= last else not last < day < first
        if within and data[row + 4] >> (day + 3) % 7 & 1:
            return data[row + 5]
    return 0


def _summer(row, unix, standard_s):
    if not row:
        return False
    year = _year(unix // 86400)
    begin = _sunday_s(year, row[0], row[1]) + row[2] * 60
    end = _sunday_s(year, row[3], row[4]) + row[5] * 60
    at = unix + standard_s * row[6]
    return begin <= at < end if begin < end else not end <= at < begin


def _sunday_s(year, month, day):
    """The first Sunday from a date, as seconds since 1970."""
    found = day_of(year, month, day)
    return (found + (3 - found) % 7) * 86400


def day_of(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a date."""
    years = year - (month < 3)
    months = (month + 9) % 12
    leaps = years // 4 - years // 100 + years // 400
    return years * 365 + leaps + (153 * months + 2) // 5 + day - 719469


def height(unix: int, latitude: int, longitude: int) -> "tuple[float, bool]":
    """(sine of the sun's height above the horizon, is it past noon there?).

    North and east are positive, places in 1/1000 degree.
    Source: the Astronomical Almanac's low-precision sun, without its term of 0.02 degrees.
    """
    minute = unix % 86400 / 60
    days = unix // 86400 - 10957 + (minute - 720) / 1440  # since 2000-01-01 12:00
    mean = (280.460 + 0.9856474 * days) % 360
    anomaly = radians((357.528 + 0.9856003 * days) % 360)
    true = radians(mean + 1.915 * sin(anomaly))
    tilt = 0.4090877  # 23.439 degrees
    ascension = atan2(cos(tilt) * sin(true), cos(true)) * 57.29578
    hour = (minute / 4 + longitude / 1000 + mean - ascension) % 360 - 180
    north = sin(tilt) * sin(true)
    north_rad = radians(latitude / 1000)
    across = cos(north_rad) * sqrt(1 - north * north) * cos(radians(hour))
    return sin(north_rad) * north + across, hour >= 0
