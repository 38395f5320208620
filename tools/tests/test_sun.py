"""The node's sun against astral, all over the year, within two minutes of each crossing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from astral import Observer, SunDirection
from astral.sun import elevation, time_at_elevation
from wire.programme import CIVIL, SET, height

PLACES = {
    "Mulhouse": (47.75, 7.34), "Edinburgh": (55.95, -3.19), "Melbourne": (-37.81, 144.96),
    "null": (0.0, 0.0), "Los Angeles": (34.05, -118.24), "Auckland": (-36.85, 174.76),
    "Tromsoe": (69.65, 18.96),
}  # fmt: skip


def ours(when: datetime, place: str) -> tuple[float, bool]:
    latitude, longitude = PLACES[place]
    return height(int(when.timestamp()), round(latitude * 1000), round(longitude * 1000))


@pytest.mark.parametrize("place", [name for name in PLACES if name != "Tromsoe"])
@pytest.mark.parametrize(("line", "degrees"), [(SET, -0.833), (CIVIL, -6.0)])
def test_crossings_of_ten_years_agree_to_the_minute(place, line, degrees):
    observer = Observer(*PLACES[place], 0.0)
    for step in range(0, 3650, 13):
        day = date(2026, 1, 1) + timedelta(days=step)
        for direction in (SunDirection.RISING, SunDirection.SETTING):
            at = time_at_elevation(observer, degrees, day, direction, with_refraction=False)
            sides = [ours(at + timedelta(seconds=s), place)[0] > line for s in (-90, 90)]
            rising = direction == SunDirection.RISING
            assert sides == [not rising, rising], (day, direction)


@pytest.mark.parametrize("place", PLACES)
def test_the_sun_is_up_when_astral_says_so(place):
    observer = Observer(*PLACES[place], 0.0)
    for hour in range(0, 366 * 24, 7):
        when = datetime(2028, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        theirs = elevation(observer, when, with_refraction=False)
        if abs(theirs + 0.833) > 0.1:
            assert (ours(when, place)[0] > SET) == (theirs > -0.833), when
