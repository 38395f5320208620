"""Receive windows on an emulated ESP32: two cores, flash writes, collections, and a console."""

import pytest

from tools.bench.measure.windows import AIM_MS, errors

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("asked", [True, False])
async def test_windows_of_a_t_beam_open_in_time(asked: bool):
    found = await errors("t_beam", 3, 12, asked=asked)

    assert len(found) >= 12
    assert max(map(abs, found)) <= AIM_MS, found
