"""Wall seconds that a day of one node takes in virtual time, on both chips; an ESP32's speed.

Flash-cache model on. The limits are aims: a month of a node must run in minutes, not in hours.
A limit asks two things: how long the node's chip works in a day, which is the firmware's, and how
fast that is emulated; both are printed under it. A lamp has as much night as day and somebody
passes each 20 min; its settings are the defaults, full light all night. A dimmed one has no limit:
its PWM keeps an ESP32 awake, whose FreeRTOS works 81 us at each of 100 ticks a second.
"""

from __future__ import annotations

import time
from typing import Any

from tools.bench.measure import Figure
from tools.bench.world.image import image
from tools.bench.world.lab import BOARD, Lab
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import wiring

ESP32 = "t_beam"
HOURS = 4
"""Of one run. In the first of them code is still being translated: a day has that once."""
PIECE_US = 600_000_000
PIECES = range(HOURS * 6 + 1)
STREET: dict[str, Any] = {
    "parts": {
        "bh1750": {"lux": [[at * PIECE_US, 5000 + at if at < HOURS * 3 else 2] for at in PIECES]},
        "am312": {"motion": [[at * PIECE_US, True] for at in PIECES[1::2]]},
    }
}
RUNS: tuple[tuple[str, str, str, dict[str, Any], int | None], ...] = (
    ("bin", "bin", BOARD, {}, 45),
    ("lamp", "lamp", BOARD, STREET, 90),
    ("bin as shipped", "bin", ESP32, {"report_s": 3600}, 20),
    ("bin", "bin", ESP32, {}, None),
    ("lamp", "lamp", ESP32, STREET, 120),
    ("lamp at 60 % by night", "lamp", ESP32, {**STREET, "night_level": 60}, None),
)
"""(name, profile, board, what the lab is given of it, most wall seconds of a day)."""
LOOP = "s = 0\nfor i in range(200000): s = (s * 31 + i) & 0xffffff"


def _often(more: dict[str, Any]) -> dict[str, Any]:
    """Each sample a report, where nothing else is given."""
    return {"report_s": 600, "sample_s": 600} | more


async def measure() -> list[Figure]:
    """Runs hours of each and scales them to a day; then a bare ESP32."""
    figures: list[Figure] = []
    for name, profile, board, more, limit in RUNS:
        async with Lab() as lab:
            unit = await lab.add(profile, board=board, usb=False, **_often(more))
            await lab.run(180, lambda unit=unit: bool(unit.of("up")))
            before = (await unit.board.ledger())["cpu_busy_us"]
            started = time.perf_counter()
            await lab.run(HOURS * 3600)
            wall = time.perf_counter() - started
            busy = ((await unit.board.ledger())["cpu_busy_us"] - before) / 1e6
        figures += node_day(f"{name} on {board}", wall, busy, HOURS, limit)
    return figures + await _bare()


def node_day(
    name: str, wall_s: float, busy_s: float, hours: float, limit_s: float | None
) -> list[Figure]:
    """A node-day from a run of so many hours: wall seconds beside their limit, and of what.

    wall_s, busy_s: seconds of the run by the wall clock, and in which its chip worked.
    """
    days = 24 / hours
    here = "this machine"
    return [
        Figure(f"{name}: wall seconds per node-day", wall_s * days, "s", limit_s, where=here),
        Figure(f"{name}: its chip works, per node-day", busy_s * days, "s"),
        Figure(f"{name}: work by wall seconds", busy_s / wall_s, "", where=here),
    ]


async def _bare() -> list[Figure]:
    """An ESP32 without a program: wall time to its prompt, and speed of a loop (busy by wall)."""
    async with Simulation() as world:
        started = time.perf_counter()
        empty = image({}, wiring(ESP32)["FLASH"]["fs_size"])
        board = await world.add_board("bare", board=ESP32, parts={}, flash=empty)
        await board.expect(">>> ", within_s=3)
        boot = time.perf_counter() - started
        await board.exec(LOOP)  # translated by now
        before = (await board.ledger())["cpu_busy_us"]
        started = time.perf_counter()
        await board.exec(LOOP)
        wall = time.perf_counter() - started
        busy = ((await board.ledger())["cpu_busy_us"] - before) / 1e6
    return [
        Figure("ESP32: wall seconds from power to the prompt", boot, "s", 1, where="this machine"),
        Figure("ESP32 at 160 MHz: busy seconds by wall seconds", busy / wall, "", 0.8, least=True,
               where="this machine"),
    ]  # fmt: skip
