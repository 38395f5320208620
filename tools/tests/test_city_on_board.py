"""The recorded city as three emulated boards measure and report it."""

from datetime import UTC, datetime

import pytest
from wire import decoding

from tools.bench.city.recorded import City
from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


WARM_UP_PULSES = 2
"""What the emulated AM312 shows while it warms up; the node counts from then on."""


def latest(unit, f_port):
    frames = [message for message in unit.of("up") if message.f_port == f_port]
    return decoding.unpack(f_port, frames[-1].data)[1][0]


async def next_reading(lab, unit):
    """Until the counter reports again; its total is then a few seconds old."""
    before = len(unit.of("up"))

    def reported():
        return any(message.f_port == 12 for message in unit.of("up")[before:])

    assert await lab.run(120, reported, step_s=1)


async def test_readings_are_those_of_the_recorded_afternoon():
    """A Friday at 15:00 in Mulhouse: daylight, shoppers, a bin in use."""
    city = City(datetime(2015, 11, 20, 14, tzinfo=UTC))
    async with Lab() as lab:
        names = ("bin", "lamp", "counter")
        units = {
            name: await lab.add(
                name, report_s=60, sample_s=20, parts=city.parts(name, 1), position_m=(150, 40)
            )
            for name in names
        }
        assert await lab.run(400, lambda: all(len(u.of("up")) >= 5 for u in units.values()))
        ledgers = {name: await unit.board.ledger() for name, unit in units.items()}
        minutes = lab.simulation.now_us / 60e6

        distance = latest(units["bin"], 10)["distance"]
        assert abs(distance - city.distance_mm(minutes / 60)[-1][1]) <= 5
        lux = latest(units["lamp"], 11)["lux"]
        assert lux is not None
        assert abs(lux - city.lux(minutes / 60)[-1][1]) <= 0.1 * lux
        await next_reading(lab, units["counter"])
        counted = (await units["counter"].board.ledger())["parts"]["am312"]["pulses"]
        total = latest(units["counter"], 12)["total"]
        assert isinstance(total, int)
        assert total > 0
        assert 0 <= counted - WARM_UP_PULSES - total <= 1
        assert (
            len(city.motion("counter", minutes / 60))
            == ledgers["counter"]["parts"]["am312"]["motions"]
        )
        assert lab.simulation.refusals == []
        assert lab.simulation.violations == []
