"""A lamp's programme by the clock on the wall, the sun and the photocell."""

from binascii import crc32

from wire import programme
from wire.programme import ASTRO, BOTH, PHOTOCELL, TWILIGHT, day_of

MULHOUSE = (47750, 7340)
ANYWHERE = (0, 0)
PARIS = (4, 1)
EVENING = ((0, 100), (11 * 60, 40), (17 * 60, 100))
"""From noon 100 %, from 23:00 40 %, from 05:00 100 %."""


def made(zone=PARIS, mode=0, offsets=(0, 0), types=(EVENING,), calendar=(), presence=0):
    data = [1, 2, zone[0] & 255, zone[1], mode, offsets[0] & 255, offsets[1] & 255, presence]
    data.append(len(calendar))
    for row in calendar:
        data += row
    for steps in types:
        data.append(len(steps))
        for minute, level in steps:
            data += [minute >> 8, minute & 255, level]
    sealed = crc32(bytes(data))
    return bytes(data + [sealed >> 8 & 255, sealed & 255])


def at(day, clock):
    hours, minutes = clock.split(":")
    return day_of(*day) * 86400 + int(hours) * 3600 + int(minutes) * 60


def level(data, day, clock, night=None, place=ANYWHERE):
    return programme.level(data, at(day, clock), night, *place)


def test_steps_follow_the_clock_on_the_wall_over_midnight():
    data = made()
    assert programme.whole(data)
    for clock, expected in (
        ("11:01", 100), ("21:59", 100), ("22:00", 40), ("23:59", 40), ("3:59", 40), ("4:00", 100),
    ):  # fmt: skip
        assert level(data, (2026, 1, 15), clock) == expected, clock


def test_summer_time_begins_and_ends_by_the_table():
    days = (
        (PARIS, (2026, 3, 29), "0:59", 1), (PARIS, (2026, 3, 29), "1:00", 2),
        (PARIS, (2026, 10, 25), "0:59", 2), (PARIS, (2026, 10, 25), "1:00", 1),
        ((-32, 2), (2026, 3, 8), "9:59", -8), ((-32, 2), (2026, 3, 8), "10:00", -7),
        ((-32, 2), (2026, 11, 1), "8:59", -7), ((-32, 2), (2026, 11, 1), "9:00", -8),
        ((40, 3), (2026, 4, 4), "15:59", 11), ((40, 3), (2026, 4, 4), "16:00", 10),
        ((40, 3), (2026, 10, 3), "15:59", 10), ((40, 3), (2026, 10, 3), "16:00", 11),
        ((48, 4), (2026, 4, 4), "13:59", 13), ((48, 4), (2026, 4, 4), "14:00", 12),
        ((48, 4), (2026, 9, 26), "13:59", 12), ((48, 4), (2026, 9, 26), "14:00", 13),
        ((48, 4), (2026, 12, 31), "23:59", 13), ((48, 4), (2027, 1, 1), "0:00", 13),
        ((22, 0), (2026, 7, 1), "0:00", 5.5),
    )  # fmt: skip
    for zone, day, clock, hours in days:
        unix = at(day, clock)
        assert programme.local(made(zone), unix) - unix == hours * 3600, (zone, day, clock)


def test_a_night_belongs_to_the_date_on_which_it_begins():
    whole = ((0, 100),)
    friday = [1, 1, 12, 31, 1 << 4, 1]
    data = made(types=(EVENING, whole), calendar=(friday,))
    assert level(data, (2026, 1, 17), "2:00") == 100  # the night of Friday the 16th
    assert level(data, (2026, 1, 16), "2:00") == 40
    assert level(data, (2026, 1, 18), "2:00") == 40


def test_the_first_row_of_the_calendar_that_fits_counts():
    dark, whole = ((0, 0),), ((0, 100),)
    new_year = [12, 31, 12, 31, 127, 2]
    winter = [11, 1, 2, 28, 127, 1]
    data = made(types=(EVENING, dark, whole), calendar=(new_year, winter))
    assert programme.whole(data)
    assert level(data, (2026, 12, 31), "23:00") == 100
    assert level(data, (2027, 1, 1), "1:00") == 100
    assert level(data, (2027, 1, 1), "23:00") == 0  # over the turn of the year
    assert level(data, (2026, 10, 31), "23:00") == 40


def test_by_the_sun_with_offsets():
    data = made(mode=ASTRO, types=(((0, 80),),), offsets=(20, -10))
    day = (2026, 6, 21)  # up from 3:31 to 19:32
    for clock, expected in (("3:18", 80), ("3:24", -1), ("19:49", -1), ("19:55", 80)):
        assert level(data, day, clock, place=MULHOUSE) == expected, clock
    dusk = made(mode=ASTRO | TWILIGHT, types=(((0, 80),),))
    assert level(dusk, day, "19:55", place=MULHOUSE) == -1
    assert level(dusk, day, "20:20", place=MULHOUSE) == 80


def test_polar_night_is_lit_and_polar_day_is_not():
    data = made(mode=ASTRO, types=(((0, 80),),))
    for hour in range(24):
        assert level(data, (2026, 12, 21), "%d:00" % hour, place=(69650, 18960)) == 80
        assert level(data, (2026, 6, 21), "%d:00" % hour, place=(69650, 18960)) == -1


def test_sun_and_photocell_both_or_either():
    noon, midnight = "12:00", "23:30"
    for mode, clock, night, on in (
        (ASTRO | PHOTOCELL, noon, True, True),
        (ASTRO | PHOTOCELL, noon, False, False),
        (ASTRO | PHOTOCELL, midnight, False, True),
        (ASTRO | PHOTOCELL | BOTH, noon, True, False),
        (ASTRO | PHOTOCELL | BOTH, midnight, False, False),
        (ASTRO | PHOTOCELL | BOTH, midnight, True, True),
        (ASTRO | PHOTOCELL | BOTH, midnight, None, True),
        (PHOTOCELL, noon, None, True),
        (ASTRO, midnight, False, True),
    ):
        found = level(made(mode=mode), (2026, 1, 15), clock, night, MULHOUSE)
        assert (found >= 0) is on, (mode, clock, night)


def test_where_the_place_is_not_known_the_photocell_alone_counts():
    assert level(made(mode=ASTRO | PHOTOCELL | BOTH), (2026, 1, 15), "12:00", True) == 100
    assert level(made(mode=ASTRO), (2026, 1, 15), "12:00") == 100


def test_bytes_that_changed_are_no_programme():
    good = made(calendar=([1, 1, 12, 31, 127, 0],))
    assert programme.whole(good)
    for data in (good[:-1], good[1:], good[:-1] + bytes([good[-1] ^ 1]), bytes(8)[:-1] + b"1"):
        assert not programme.whole(data)
