"""The stores that the suites of the store run over."""

import pytest

from gateway.store.postgresql import Store as PostgresqlStore
from gateway.store.sqlite import MEMORY, Store

STORES = [
    "file",
    "memory",
    # starting a server takes seconds, and `make check` does without one
    pytest.param("postgresql", marks=pytest.mark.slow),
]


@pytest.fixture(params=STORES)
def made(request, tmp_path):
    """A store that is not open yet."""
    if request.param == "postgresql":
        return PostgresqlStore(request.getfixturevalue("database"))
    return Store(MEMORY if request.param == "memory" else tmp_path / "store.db")


@pytest.fixture
async def store(made):
    async with made as opened:
        yield opened
