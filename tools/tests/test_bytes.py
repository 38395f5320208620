"""What an observation costs in a batch: within the aims, below what others spend."""

import asyncio

import pytest

from tools.bench.measure import bytes as measured


@pytest.fixture(scope="module")
def figures():
    return asyncio.run(measured.measure())


def test_every_aim_is_met(figures):
    assert [one.line() for one in figures if not one.within] == []
    assert sum(one.aim is not None for one in figures) == 9


def test_a_batch_takes_less_than_the_shortest_of_the_others(figures):
    for at in range(0, len(figures), 6):
        ours, *_, lpp, vendor, single = (one.value for one in figures[at : at + 6])
        assert ours < vendor < lpp < single


def test_entropy_is_that_of_the_differences():
    assert measured.entropy_bits([[0, 1, 0, 1], [5, 6]]) == pytest.approx(0.8112781)
    assert measured.entropy_bits([[3, 3, 3]]) == 0
