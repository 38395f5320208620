"""The device's sun against astral, all over the year, within a minute."""

from datetime import UTC, date, datetime, timedelta

import pytest
from astral import Observer, SunDirection
from astral.sun import time_at_elevation
from wire.sun import CIVIL, day_of, sun_minutes


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(47.75, 7.34), (55.95, -3.19), (-37.81, 144.96), (0.0, 0.0)]
)
@pytest.mark.parametrize(("zenith", "elevation"), [(90.833, -0.833), (CIVIL, -6.0)])
def test_every_fifth_day_of_ten_years_agrees_to_the_minute(latitude, longitude, zenith, elevation):
    observer = Observer(latitude, longitude, 0.0)
    for step in range(0, 3650, 5):
        day = date(2026, 1, 1) + timedelta(days=step)
        rise, fall = sun_minutes(day_of(day.year, day.month, day.day), latitude, longitude, zenith)
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for minute, direction in ((rise, SunDirection.RISING), (fall, SunDirection.SETTING)):
            ours = midnight + timedelta(minutes=minute)
            theirs = time_at_elevation(
                observer, elevation, ours.date(), direction, with_refraction=False
            )
            apart = abs((ours - theirs).total_seconds()) % 86400
            assert min(apart, 86400 - apart) <= 90, (day, direction, ours, theirs)
