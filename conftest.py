"""For every test of the project."""

import gc

import pytest
from hypothesis import settings

import tools  # noqa: F401 - before any test imports grpc

settings.register_profile("quick", max_examples=20)
"""Of `make check`; `make test` draws 100 where a test does not say how many."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make faults` runs each campaign at its full length."""
    parser.addoption(
        "--weeks",
        action="store_true",
        help="campaigns of faults at full length: 30 days of a node, 1000 kills, a million events",
    )


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Leaves what a file of tests left out of garbage collection, as what collection made.

    Device code calls `gc.collect` at each step, as it must in 264 kB. Beside 3400 collected tests,
    and what those before keep in caches, each call would walk all that too: 0.1 s a call, minutes
    for a node's month.
    """
    if nextitem is None or nextitem.path != item.path:
        gc.freeze()


def pytest_collection_finish() -> None:
    """Everything that collection made is never looked at again."""
    gc.collect()
    gc.freeze()
