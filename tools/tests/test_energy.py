"""The arithmetic behind the years that `make bench` prints for a bin on an ESP32."""

import pytest

from tools.bench.measure import energy


def test_years_follow_from_charge_interval_and_sleep():
    hours = energy.CELL_UAH / (60_000 / 600 + 20 + energy.LOSS_UA)

    assert energy.years(60_000, 600, 20) == pytest.approx(hours / energy.HOURS)
    assert energy.years(60_000, 1200, 20) > energy.years(60_000, 600, 20)
    assert energy.years(0, 600, 0) == pytest.approx(100), "the cell loses 1 % a year"


def test_a_bin_has_neither_light_nor_motion_sensor():
    part = {"on": {"seconds": 1, "microampere_hours": 2.0}}
    ledger = {"energy": {"esp32": part, "sx1262": part, "a02yyuw": part, "am312": part}}

    assert energy.charges(ledger) == {
        "esp32 on": 7200.0, "sx1262 on": 7200.0, "a02yyuw on": 7200.0,
    }  # fmt: skip
