"""What one report costs a sleeping bin: CPU, flash stall, time awake, radio window error.

Virtual time, with the flash-cache model. A cycle is a report period of 600 s with its share of
watchdog wakes; the sensor's own wait (7 pings of the A02YYUW) is taken off the time awake; while
it starts up the board sleeps.
"""

from __future__ import annotations

from tools.bench.measure import Figure, spread
from tools.bench.world.lab import Lab, Unit

PERIOD_S = 600
CYCLES = 40
SENSOR_WAIT_MS = 7 * 200
"""Seven frames of the ultrasonic sensor at 200 ms. Source: DFRobot SEN0311, 100 to 300 ms."""


async def measure() -> list[Figure]:
    """Runs one bin for 40 reports."""
    busy: list[float] = []
    stall: list[float] = []
    awake: list[float] = []
    async with Lab() as lab:
        unit = await lab.add("bin", usb=False, report_s=PERIOD_S, sample_s=PERIOD_S)
        await lab.run(120, lambda: len(unit.of("up")) >= 1)
        await lab.run(PERIOD_S / 2)
        last = await unit.board.ledger()
        for _ in range(CYCLES):
            await lab.run(PERIOD_S)
            now = await unit.board.ledger()
            busy.append((now["cpu_busy_us"] - last["cpu_busy_us"]) / 1000)
            stall.append((now["flash_stall_us"] - last["flash_stall_us"]) / 1000)
            awake.append((now["awake_us"] - last["awake_us"]) / 1000 - SENSOR_WAIT_MS)
            last = now
        reports = _reports(unit)
    figures = spread("CPU per report cycle at 125 MHz", busy, "ms", p50=60, most=None)
    figures += spread("flash stall per report cycle", stall, "ms", p50=20, most=120)
    figures += spread("awake per cycle beside sensor waits", awake, "ms", p50=400, most=400)
    figures.append(Figure("reports that arrived", reports, "", CYCLES, least=True))
    return figures


def _reports(unit: Unit) -> int:
    return sum(1 for up in unit.of("up") if up.f_port == 10)
