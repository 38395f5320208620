"""Years that a bin with a switched sensor reports from one cell, with an ESP32 that sleeps deep.

Charge of a report's cycle: the ledger of an emulated T-Beam without USB (CPU by frequency, radio,
sensor), without the parts that a bin has not. Years are calculated from it; what else goes in:

- 19 Ah, of which the cell loses 1 % a year at 20 degrees. Source: Tadiran TL-4930, lithium thionyl
  chloride;
- SF7, a network that answers each fourth report, +20 degrees, no loss in a converter;
- boot ROM and boot loader, which take no time in the emulation: 0.2 s as the CPU runs (assumed);
- sleep of the whole board: 20 uA for one made for a cell (the chip 10 uA, regulator and leakage
  the rest: assumed). Measured by others: 0.9 mA of a T-Beam V1.1 whose power chip has switched off
  what it can (The Things Network forum, "TTGO T-Beam V1.0 & OLED & deep sleep needs proper power
  design"), 3.5 mA of a board with its USB bridge on (MicroPython forum, "Power consumption of
  TTGO T8 Board");
- two boards with an ESP32-S3, awake as the ESP32 (a XIAO ESP32S3 was measured at 34 mA awake, the
  emulated chip has 35.5 mA): 14 uA asleep of a XIAO ESP32S3 by its maker's data (Seeed forum,
  "Xiao ESP32-C3 and ESP32-S3 deep sleep current high", where 10 uA were measured at 3.8 V, and 300
  below what its regulator needs), 30 uA of a Heltec V3 with its maker's example (RadioLib,
  discussion 1079, of a Wireless Stick Lite V3, where 800 uA came of a radio left on). Nobody
  measured ours.
"""

from __future__ import annotations

from typing import Any

from tools.bench.measure import Figure
from tools.bench.world.lab import Lab

PERIOD_S = 600
CYCLES = 4
"""One in four asks for an acknowledgement."""
HOUR_S = 3600
SENSOR = {"chip": "a02yyuw", "uart": 1, "tx": 13, "rx": 35, "power": 14}
PARTS = ("esp32", "sx1262", "a02yyuw")
BOOT_S, BOOT_UA = 0.2, 35500
CELL_UAH = 19e6
HOURS = 8766
"""Of a year."""
LOSS_UA = CELL_UAH * 0.01 / HOURS
FOR_A_CELL = "made for a cell"
S3_UA = {"XIAO ESP32S3": 14, "Heltec V3": 30}
BOARDS_UA = {FOR_A_CELL: 20, **S3_UA, "T-Beam, power chip set": 900, "dev board as bought": 3500}
YEARS = 10
LEAST_UAS = 50
"""A state that takes less is not worth a line."""
WHERE = "calculated"


def years(cycle_uas: float, period_s: float, sleep_ua: float) -> float:
    """cycle_uas: charge of a cycle beside sleep, uA s. sleep_ua: of the whole board."""
    return CELL_UAH / (cycle_uas / period_s + sleep_ua + LOSS_UA) / HOURS


def charges(ledger: dict[str, Any]) -> dict[str, float]:
    """Charge by part and state, uA s, of the parts that a bin has."""
    return {
        f"{part} {state}": found["microampere_hours"] * 3600
        for part in PARTS
        for state, found in ledger["energy"][part].items()
    }


async def measure() -> list[Figure]:
    """Four reports in deep sleep; then an hour of a bin as shipped, with one report."""
    return [*await _reports(), *await _shipped()]


async def _shipped() -> list[Figure]:
    """Six measurements and a report an hour."""
    async with Lab() as lab:
        unit = await lab.add("bin", board="t_beam", usb=False, sensors={"distance": SENSOR})
        await lab.run(PERIOD_S + PERIOD_S // 2)
        first = await unit.board.ledger()
        await lab.run(HOUR_S)
        last = await unit.board.ledger()
    before, after = charges(first), charges(last)
    uas = sum(after[name] - before.get(name, 0) for name in after if name != "esp32 deep")
    wakes = last["resets"]["deepsleep"] - first["resets"]["deepsleep"]
    uas += wakes * BOOT_S * BOOT_UA
    lasts = years(uas, HOUR_S, BOARDS_UA[FOR_A_CELL])
    return [
        Figure("bin on an ESP32 as shipped, an hour", uas / 1000, "mA s"),
        Figure(f"19 Ah, as shipped, 20 uA asleep ({FOR_A_CELL})", lasts, "years", YEARS,
               least=True, where=WHERE),
    ]  # fmt: skip


async def _reports() -> list[Figure]:
    """Four reports in deep sleep."""
    async with Lab() as lab:
        unit = await lab.add(
            "bin", board="t_beam", usb=False, report_s=PERIOD_S, sample_s=PERIOD_S,
            sensors={"distance": SENSOR},
        )  # fmt: skip
        await lab.run(PERIOD_S + 60)
        first = await unit.board.ledger()
        await lab.run(CYCLES * PERIOD_S)
        last = await unit.board.ledger()
    before, after = charges(first), charges(last)
    cycle = {name: (after[name] - before.get(name, 0)) / CYCLES for name in after}
    cycle["boot ROM and loader (assumed)"] = BOOT_S * BOOT_UA
    asleep_uas = cycle.pop("esp32 deep")
    found = [
        Figure(f"bin on an ESP32, a report: {name}", uas / 1000, "mA s")
        for name, uas in cycle.items()
        if uas >= LEAST_UAS
    ]
    awake_s = (last["awake_us"] - first["awake_us"]) / CYCLES / 1e6
    found.append(Figure("bin on an ESP32, a report: awake", awake_s, "s"))
    found.append(Figure("bin on an ESP32, deep sleep of the chip", asleep_uas / 1000, "mA s"))
    total = sum(cycle.values())
    found += [_years(total, sleep_ua, board) for board, sleep_ua in BOARDS_UA.items()]
    spare_ua = CELL_UAH / HOURS / YEARS - BOARDS_UA[FOR_A_CELL] - LOSS_UA
    return [
        *found,
        Figure("19 Ah, 20 uA asleep: 10 years, a report each", total / spare_ua / 60, "min",
               where=WHERE),
    ]  # fmt: skip


def _years(total: float, sleep_ua: float, board: str) -> Figure:
    return Figure(
        f"19 Ah, each 10 min, {sleep_ua} uA asleep ({board})",
        years(total, PERIOD_S, sleep_ua),
        "years",
        YEARS if board in {FOR_A_CELL, *S3_UA} else None,
        least=True,
        where=WHERE,
    )
