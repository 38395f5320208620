"""Tilt sensor, radar and meter on real MicroPython of an emulated RP2040, through their faults.

One board has all three: the drivers are asked at its prompt, as `node.app` asks them.
"""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tools.bench.world.image import image
from tools.build import BOARDS, FIRMWARE
from tools.tests.test_sensor_drivers_emulated import BOARD, SOURCES, START

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(120)]

SENSORS = {
    "tilt": {"chip": "lis3dh", "i2c": 0, "sda": 4, "scl": 5, "pin_b": 7},
    "radar": {"chip": "ld2410", "uart": 0, "tx": 0, "rx": 1, "pin_b": 22},
    "meter": {"chip": "bl0942", "uart": 1, "tx": 8, "rx": 9},
}
FIT = """
from machine import Pin
edges = []
found = {role: fit(role) for role in ("tilt", "radar", "meter")}
port.on_rising(found["tilt"].line, lambda pin: edges.append(1))
def ask(role):
    values = read(found[role])
    if values is None and role != "radar":
        found[role] = fit(role)
    return values
"""


async def test_tilt_radar_and_meter_measure_are_never_wrong_and_come_back(running: Any) -> None:
    names = [*SOURCES, *(f"node/sensors/{one['chip']}" for one in SENSORS.values())]
    files = {f"/lib/{name}.py": (FIRMWARE / f"{name}.py").read_bytes() for name in names}
    files["/board.py"] = (BOARDS / f"{BOARD}.py").read_bytes()
    files["/board.py"] += f"\nSENSORS.update({SENSORS!r})\n".encode()
    parts = {"lis3dh": {"tilt_deg": 30}, "ld2410": {"target": "still"}, "bl0942": {"watts": 40}}
    async with running(flash=image(files, 352 * 4096), sensors=SENSORS, parts=parts) as (
        world,
        board,
    ):
        await board.exec(START + FIT)

        async def ask(role: str) -> Any:
            return ast.literal_eval(await board.exec(f"print(ask({role!r}))"))

        await lean(board, ask, world)
        await presence(board, ask, world)
        await energy(board, ask, world)
        assert world.refusals == []


async def lean(board: Any, ask: Any, world: Any) -> None:
    """Angles, an edge at each turn and shock, and what the part may suffer."""

    async def near(angle: int) -> bool:
        values = await ask("tilt")
        return abs(values["tilt"] - angle) <= 3 and not values["shock"]

    assert await near(30)
    await board.set("lis3dh", tilt_deg=120)
    await world.run_s(0.5)
    assert (await board.exec("print(len(edges))")).strip() == "1"
    assert await near(120)
    await board.set("lis3dh", tilt_deg=0, hit_mg=1500)
    await world.run_s(0.5)
    assert (await board.exec("print(len(edges))")).strip() == "2"
    assert (await ask("tilt"))["shock"] == 1
    assert await near(0)
    await board.set("lis3dh", noise=3, offset_mg=60)
    assert abs((await ask("tilt"))["tilt"]) <= 10, "drift and noise are degrees, no fall"
    await board.set("lis3dh", noise=1, offset_mg=0, axis_dead="z")
    await world.run_s(0.3)
    assert await ask("tilt") is None
    await board.set("lis3dh", axis_dead="none")
    for fault in ("absent", "brown"):
        await board.set("lis3dh", **{fault: True})
        assert await ask("tilt") is None, fault
        await board.set("lis3dh", **{fault: False})
        assert await near(0), fault
    await board.set("lis3dh", sda_held=9)
    assert await ask("tilt") is None
    assert await near(0)


async def presence(board: Any, ask: Any, world: Any) -> None:
    """Who stands still is there; each who comes is counted once."""
    await world.run_s(1.5)
    assert (await ask("radar"))["presence"] == 1
    await board.set("ld2410", target="none")
    await world.run_s(6)
    before = await ask("radar")
    assert before["presence"] == 0
    await board.set("ld2410", target="moving")
    await world.run_s(0.3)
    assert await ask("radar") == {"total": before["total"] + 1, "presence": 1, "warm": 1}
    await board.set("ld2410", garbled=0.3)
    assert [await ask("radar") for _ in range(3)] != [None] * 3
    await board.set("ld2410", garbled=0)
    for fault in ("absent", "brown"):
        await board.set("ld2410", **{fault: True})
        assert await ask("radar") is None, fault
        await board.set("ld2410", **{fault: False})
        await world.run_s(0.3)
        assert (await ask("radar"))["presence"] == 1, fault


async def energy(board: Any, ask: Any, world: Any) -> None:
    """Volts, amperes, watts and watt-hours; a damaged packet is no value."""

    def right(values: Any, volts: int, watts: int) -> bool:
        return (
            abs(values["mains"] - 1000 * volts) < 10 * volts
            and abs(values["power"] - 1000 * watts) < 10 * watts
            and abs(values["current"] - 1000 * watts / volts / 0.95) < max(3, watts / 20)
        )

    before = await ask("meter")
    assert right(before, 230, 40)
    await board.set("bl0942", volts=210, watts=1000)
    await world.run_s(7.2)
    after = await ask("meter")
    assert right(after, 210, 1000)
    assert 1800 < after["energy"] - before["energy"] < 2400, "2 Wh in 7.2 s"
    await board.set("bl0942", garbled=1)
    assert await ask("meter") is None
    await board.set("bl0942", garbled=0, drift=8)
    assert abs((await ask("meter"))["power"] - 1_080_000) < 10_000, "calibration takes it off"
    await board.set("bl0942", drift=0)
    for fault in ("absent", "brown"):
        await board.set("bl0942", **{fault: True})
        assert await ask("meter") is None, fault
        await board.set("bl0942", **{fault: False})
        assert right(await ask("meter"), 210, 1000), fault
    assert (await ask("meter"))["energy"] < after["energy"], "it counts anew after its supply came"
