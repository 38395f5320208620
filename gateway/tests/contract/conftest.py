"""The stores that the suites of the store run over."""

import pytest

from gateway.store.sqlite import MEMORY, Store


@pytest.fixture(params=["file", "memory"])
async def store(request, tmp_path):
    path = MEMORY if request.param == "memory" else tmp_path / "store.db"
    async with Store(path) as opened:
        yield opened
