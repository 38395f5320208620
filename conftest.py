"""For every test of the project."""

import gc

import pytest
from hypothesis import settings

settings.register_profile("quick", max_examples=20)
"""Of `make check`; `make test` draws 100 where a test does not say how many."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make faults` runs each campaign at its full length."""
    parser.addoption(
        "--weeks",
        action="store_true",
        help="campaigns of faults at full length: 30 days of a node, 1000 kills, a million events",
    )


def pytest_collection_finish() -> None:
    """Leaves what collection made out of garbage collection.

    Device code calls `gc.collect` at each step, as it must in 264 kB. Beside 2400 collected tests
    each call would walk their objects too: 0.1 s a call, a third of the time of the fast tests.
    """
    gc.collect()
    gc.freeze()
