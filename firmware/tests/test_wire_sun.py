"""The sun at places and instants whose crossings are known; the same in single precision."""

from wire.programme import CIVIL, SET, day_of, height

PLACES = {
    "Mulhouse": (47750, 7340),
    "Los Angeles": (34050, -118240),
    "Auckland": (-36850, 174760),
    "Tromsoe": (69650, 18960),
    "Quito": (-180, -78470),
}
CROSSINGS = (
    ("Mulhouse", (2026, 6, 21), SET, 3 * 60 + 32, 19 * 60 + 33),
    ("Mulhouse", (2026, 12, 21), SET, 7 * 60 + 17, 15 * 60 + 41),
    ("Mulhouse", (2026, 3, 20), CIVIL, 5 * 60 + 3, 18 * 60 + 14),
    ("Los Angeles", (2026, 6, 21), SET, 12 * 60 + 42, 3 * 60 + 7),
    ("Los Angeles", (2026, 12, 21), SET, 14 * 60 + 55, 0 * 60 + 47),
    ("Auckland", (2026, 6, 21), SET, 19 * 60 + 34, 5 * 60 + 12),
    ("Auckland", (2026, 12, 21), SET, 16 * 60 + 58, 7 * 60 + 40),
    ("Quito", (2026, 9, 22), SET, 11 * 60 + 3, 23 * 60 + 10),
)
"""Minutes of the UTC day at which the sun's height rises and falls through that sine.

Computed independently with astral 3.2 (Meeus, Astronomical Algorithms), rounded to the minute.
"""


def up(place, day, minute, line):
    return height(day_of(*day) * 86400 + minute * 60, *PLACES[place])[0] > line


def test_days_count_from_1970():
    assert day_of(1970, 1, 1) == 0
    assert day_of(2000, 2, 29) == 11016
    assert day_of(2000, 3, 1) == 11017
    assert day_of(2026, 11, 25) == 20782


def test_the_sun_crosses_within_a_minute_of_what_is_published():
    for place, day, line, rise, fall in CROSSINGS:
        assert not up(place, day, rise - 2, line), (place, day, "rise")
        assert up(place, day, rise + 2, line), (place, day, "rise")
        assert up(place, day, fall - 2, line), (place, day, "fall")
        assert not up(place, day, fall + 2, line), (place, day, "fall")


def test_it_is_up_at_noon_where_the_other_crossing_lies_in_the_next_utc_day():
    """18:40 in Los Angeles is 01:40 of the next day, 10:40 in Auckland 22:40 of the day before."""
    assert up("Los Angeles", (2026, 6, 22), 60 + 40, SET)
    assert up("Auckland", (2026, 6, 20), 22 * 60 + 40, SET)
    assert not up("Auckland", (2026, 6, 21), 10 * 60 + 40, SET)


def test_polar_day_and_polar_night():
    for minute in range(0, 1440, 20):
        assert up("Tromsoe", (2026, 6, 21), minute, SET)
        assert not up("Tromsoe", (2026, 12, 21), minute, SET)
    assert up("Tromsoe", (2026, 12, 21), 10 * 60 + 40, CIVIL)


def test_morning_and_afternoon():
    noon = day_of(2026, 6, 21) * 86400 + 11 * 3600 + 32 * 60  # Mulhouse: 7.34 E and 2 min late
    for minutes, past in ((-300, False), (-5, False), (5, True), (300, True), (719, False)):
        shifted = noon + minutes * 60 + (5 * 60 if minutes == 719 else 0)
        assert height(shifted, *PLACES["Mulhouse"])[1] is past, minutes
