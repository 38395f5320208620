"""The arithmetic behind the years that `make bench` prints for a bin on an ESP32."""

import pytest

from tools.bench.measure import day, energy


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


def test_a_board_with_an_esp32_s3_is_held_to_ten_years():
    rows = {board: energy.years(94_500, 600, ua) for board, ua in energy.S3_UA.items()}

    assert set(energy.S3_UA) < set(energy.BOARDS_UA)
    assert all(years >= energy.YEARS for years in rows.values()), rows


def test_a_day_counts_chip_radio_and_what_the_profile_reads():
    part = {"on": {"microampere_hours": 2.0}, "off": {"microampere_hours": 0.5}}
    parts = ("rp2040", "sx1262", "a02yyuw", "bh1750", "am312", "beam_pair")
    ledger = {"energy": dict.fromkeys(parts, part)}

    assert day.charges(ledger, "bin") == {"rp2040": 2.5, "sx1262": 2.5, "a02yyuw": 2.5}
    assert set(day.charges(ledger, "lamp")) == {"rp2040", "sx1262", "bh1750", "am312"}
    assert set(day.charges(ledger, "people")) == {"rp2040", "sx1262", "beam_pair"}
