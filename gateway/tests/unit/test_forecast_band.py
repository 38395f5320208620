"""Bands that past errors set."""

from math import isnan

from gateway.forecast.band import Errors, Past, margin


def past(truths, low=40.0, high=60.0):
    return [Past("a", float(truth), 50.0, low, high) for truth in truths]


def test_the_band_is_widened_or_narrowed_until_it_holds_its_share():
    wide = past(range(101))
    more = margin(wide)
    held = [one for one in wide if one.low - more <= one.truth <= one.high + more]
    assert 80 <= len(held) <= 82
    assert more > 0

    close = past([50 + one / 100 for one in range(-50, 51)])
    assert margin(close) < -9
    assert margin([]) == 0


def test_a_place_with_few_errors_has_those_of_all():
    every = [Past("known", 60.0, 50.0, 0.0, 0.0)] * 95 + [Past("new", 50.0, 50.0, 0.0, 0.0)] * 5
    errors = Errors(every)

    assert (errors.number, errors.mean) == (100, 9.5)
    assert errors.at("new") == (0 + 5 * 9.5) / 10
    assert errors.at("unknown") == 9.5
    assert isnan(Errors([]).at("any"))
