"""The sun at places and days whose times are published; the same file in single precision."""

from wire.sun import CIVIL, day_of, sun_minutes


def near(times, rise, fall):
    def minutes(text):
        hours, rest = text.split(":")
        return int(hours) * 60 + int(rest)

    return abs(times[0] - minutes(rise)) <= 1 and abs(times[1] - minutes(fall)) <= 1


def test_days_count_from_1970():
    assert day_of(1970, 1, 1) == 0
    assert day_of(2000, 2, 29) == 11016
    assert day_of(2000, 3, 1) == 11017
    assert day_of(2026, 11, 25) == 20782


def test_mulhouse_at_the_solstices():
    # computed independently (astral 3.2), UTC
    assert near(sun_minutes(day_of(2026, 6, 21), 47.75, 7.34), "3:31", "19:32")
    assert near(sun_minutes(day_of(2026, 12, 21), 47.75, 7.34), "7:16", "15:40")


def test_civil_twilight_is_longer():
    rise, fall = sun_minutes(day_of(2026, 3, 20), 47.75, 7.34)
    dawn, dusk = sun_minutes(day_of(2026, 3, 20), 47.75, 7.34, CIVIL)

    assert 28 <= rise - dawn <= 34
    assert 28 <= dusk - fall <= 34


def test_where_it_never_sets_or_never_rises():
    assert sun_minutes(day_of(2026, 6, 21), 69.65, 18.96) == (-1440, 2880)
    assert sun_minutes(day_of(2026, 12, 21), 69.65, 18.96) == (720, 720)
    assert sun_minutes(day_of(2026, 6, 21), -75.0, 18.96) == (720, 720)
    assert sun_minutes(day_of(2026, 12, 21), -75.0, 18.96) == (-1440, 2880)


def test_far_east_and_west_lie_outside_the_utc_day():
    rise, fall = sun_minutes(day_of(2026, 3, 20), -37.81, 144.96)  # Melbourne
    assert rise < 0 < fall < 720
    rise, fall = sun_minutes(day_of(2026, 3, 20), 37.77, -122.42)
    assert 720 < rise and 1440 < fall < 2880
