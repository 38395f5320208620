"""Wall seconds that a day of one node takes in virtual time, on both chips; an ESP32's speed.

Flash-cache model on. The limits are aims: a month of a node must run in minutes, not in hours.
"""

from __future__ import annotations

import time

from tools.bench.measure import Figure
from tools.bench.world.image import image
from tools.bench.world.lab import BOARD, Lab
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import wiring

ESP32 = "t_beam"
LIMITS_S = {("bin", BOARD): 45, ("lamp", BOARD): 90, ("bin", ESP32): 20, ("lamp", ESP32): 120}
HOURS = {BOARD: 4, ESP32: 1}
LOOP = "s = 0\nfor i in range(200000): s = (s * 31 + i) & 0xffffff"


async def measure() -> list[Figure]:
    """Runs hours of each and scales them to a day; then a bare ESP32."""
    figures: list[Figure] = []
    for (profile, board), limit in LIMITS_S.items():
        async with Lab() as lab:
            unit = await lab.add(profile, board=board, usb=False, report_s=600, sample_s=600)
            await lab.run(180, lambda unit=unit: bool(unit.of("up")))
            started = time.perf_counter()
            await lab.run(HOURS[board] * 3600)
            wall = (time.perf_counter() - started) * 24 / HOURS[board]
        name = f"{profile} on {board}: wall seconds per node-day"
        figures.append(Figure(name, wall, "s", limit, where="this machine"))
    return figures + await _bare()


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
