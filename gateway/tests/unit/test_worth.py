"""What an emptying is worth, and the order of the way, against slow and certain ways to know."""

import random
from itertools import pairwise, permutations
from math import hypot, log

import pytest

from gateway.collection import tour
from gateway.collection.worth import Bin, Inflow, Level, each


def played(usual, price, threshold, days=30_000, seed=1):
    """(cost, emptyings, overflows) a day of a bin that is emptied from a level on."""
    chance = random.Random(seed)
    fill, emptyings, overflows = 0.0, 0, 0
    for _ in range(days):
        if fill >= threshold:
            fill = 0.0
            emptyings += 1
        fill = min(fill + chance.lognormvariate(usual.log_mean, usual.log_sd), 125.0)
        overflows += fill >= 100
    return (emptyings + price * overflows) / days, emptyings / days, overflows / days


@pytest.mark.parametrize(("pace", "price"), [(20, 16), (45, 16), (45, 80)])
def test_no_other_level_to_empty_at_costs_less(pace, price):
    usual = Inflow(log(pace), 0.35)
    one = Bin(usual, price)
    today = [one.choose(usual, Level(float(fill), 0.0, 0.0)) for fill in range(101)]
    level = next(fill for fill, c in enumerate(today) if c.leave > c.empty)

    cost, emptyings, overflows = played(usual, price, level)
    others = [played(usual, price, level + more)[0] for more in (-20, -10, 10, 20)]

    assert cost <= 1.01 * min(others)
    assert one.long_run().emptyings == pytest.approx(emptyings, rel=0.03)
    assert one.long_run().overflows == pytest.approx(overflows, rel=0.15, abs=0.001)


def test_a_fast_bin_is_left_at_a_higher_risk_than_a_slow_one():
    def risk_at_limit(pace):
        usual = Inflow(log(pace), 0.35)
        one = Bin(usual, 16)
        left = (one.choose(usual, Level(fill / 2, 0.0, 0.0)) for fill in range(200))
        return max(choice.risk for choice in left if choice.leave <= choice.empty)

    assert risk_at_limit(50) > 1.5 * risk_at_limit(12)


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_calendar_has_the_overflows_that_it_has(days):
    usual, chance = Inflow(log(35), 0.4), random.Random(2)
    fill, overflows = 0.0, 0
    for day in range(30_000):
        fill = 0.0 if day % days == 0 else fill
        fill += chance.lognormvariate(usual.log_mean, usual.log_sd)
        overflows += fill >= 100

    assert each(days, usual).emptyings == pytest.approx(1 / days)
    assert each(days, usual).overflows == pytest.approx(overflows / 30_000, rel=0.06, abs=0.002)


def test_short_ways_are_within_two_per_cent_of_the_best_there_is():
    chance = random.Random(4)
    found, best = 0.0, 0.0
    for _ in range(6):
        spots = [(chance.uniform(0, 3000), chance.uniform(0, 2000)) for _ in range(7)]
        depot = (-4000.0, -500.0)
        found += tour.km([spots[place] for place in tour.order(spots, depot)], depot)
        best += min(tour.km(way, depot) for way in permutations(spots))

    assert best <= found <= 1.02 * best


def test_a_long_way_visits_each_once_and_hardly_crosses_itself():
    chance = random.Random(5)
    spots = [(chance.uniform(0, 3000), chance.uniform(0, 3000)) for _ in range(150)]

    way = tour.order(spots, None)

    assert sorted(way) == list(range(150))
    # The best is near 0.765 sqrt(n area) at n = 150: Johnson, McGeoch, Rothberg 1996, table 2.
    length = sum(
        hypot(spots[a][0] - spots[b][0], spots[a][1] - spots[b][1]) for a, b in pairwise(way)
    )
    assert length < 1.08 * 0.765 * (150 * 3000**2) ** 0.5
