"""Each driver on the real MicroPython of an emulated RP2040, on its part, through its faults.

The node does not run: a test asks the drivers at the prompt, as `node.app` does between readings.
They are there as source, whose names are not shortened.
"""

from __future__ import annotations

import ast
import contextlib
from typing import Any

import pytest

from tools.bench.world.image import image
from tools.build import BOARDS, FIRMWARE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(120)]

BOARD = "pico_lora_sx1262"
SOURCES = (
    "unload", "node/__init__", "node/errors", "node/clock", "node/power", "node/touch",
    "node/wiring", "node/registers", "node/ports/__init__", "node/ports/rp2",
    "node/sensors/__init__", "judgement/__init__", "judgement/passages",
)  # fmt: skip
I2C = {"i2c": 0, "sda": 4, "scl": 5}
START = """
import asyncio, board
from node import ports, wiring
from node.clock import Clock
from node.power import Power

port = ports.find()
clock = Clock(Power(board, port))

def fit(role):
    return wiring.sensor(board, role, "any", port.on_rising)

def read(driver):
    values = asyncio.run(driver.read(clock))
    driver.sleep()
    return values
"""


@pytest.fixture
def fitted(running):
    """`async with fitted(role, entry, **the part's options) as one`: its driver, at the prompt."""

    @contextlib.asynccontextmanager
    async def run(role: str, entry: dict[str, Any], **options: Any):
        chip = entry["chip"]
        names = (*SOURCES, f"node/sensors/{chip}")
        files = {f"/lib/{name}.py": (FIRMWARE / f"{name}.py").read_bytes() for name in names}
        files["/board.py"] = (BOARDS / f"{BOARD}.py").read_bytes()
        files["/board.py"] += f"\nSENSORS.update({ {role: entry}!r})\n".encode()
        async with running(
            flash=image(files, 352 * 4096), sensors={role: entry}, parts={chip: options}
        ) as (world, board):
            await board.exec(START + f"one = fit({role!r})")
            yield Fitted(world, board, role, chip)

    return run


class Fitted:
    """A driver at the prompt of an emulated board, and its part."""

    def __init__(self, world: Any, board: Any, role: str, chip: str) -> None:
        self.world, self.board, self.role, self.chip = world, board, role, chip

    async def read(self) -> dict[str, int] | None:
        """What the driver reads now."""
        return ast.literal_eval(await self.board.exec("print(read(one))"))

    async def again(self) -> dict[str, int] | None:
        """As `read`, of a driver that is built anew, as the node does after None."""
        await self.board.exec(f"one = fit({self.role!r})")
        return await self.read()

    async def set(self, **values: Any) -> None:
        """Changes what surrounds the part."""
        await self.board.set(self.chip, **values)

    async def charge_uah(self) -> float:
        """What the part drew since it had power first."""
        states = (await self.board.ledger())["energy"][self.chip]
        return sum(one["microampere_hours"] for one in states.values())


async def gone_and_back(one: Fitted, good: Any) -> None:
    """Without an answer None, soon, and good values again by itself; whatever the fault was."""
    faults = ({"absent": True}, {"brown": True})
    for fault in faults:
        await one.set(**fault)
        assert await one.read() is None, fault
        assert await one.again() is None, fault
        await one.set(**dict.fromkeys(fault, False))
        assert good(await one.again()), fault


@pytest.mark.parametrize(("chip", "noise_nt"), [("rm3100", 100), ("qmc5883l", 1200)])
async def test_a_magnetometer(fitted, chip: str, noise_nt: int) -> None:
    def near(x: int, y: int, z: int):
        wanted = {"x": x, "y": y, "z": z}
        return lambda values: all(abs(values[axis] - wanted[axis]) < noise_nt for axis in wanted)

    async with fitted("field", I2C | {"chip": chip}, x_nt=20000, y_nt=-31000, z_nt=42000) as one:
        good = near(20000, -31000, 42000)
        assert good(await one.read())
        await one.set(z_nt=-70000)
        assert near(20000, -31000, -70000)(await one.read())
        await one.set(z_nt=42000)
        await gone_and_back(one, good)
        await one.set(sda_held=9)
        assert await one.read() is None
        assert good(await one.again())
        await one.set(stuck=True)
        held = await one.read()
        assert await one.read() == held, "a judgement tells a stuck sensor by this"

        before = await one.charge_uah()
        await one.read()
        assert await one.charge_uah() - before < 0.05
        assert one.world.refusals == []


BEAMS = {"chip": "beam_pair", "pin": 13, "pin_b": 14, "gap_mm": 300}


async def test_a_pair_of_beams(fitted) -> None:
    async with fitted("people", BEAMS) as one:
        start_us = one.world.now_us + 3_000_000
        walks = [[start_us + 2_000_000 * at, 600 + 100 * at, "in"] for at in range(12)]
        walks += [[start_us + 25_000_000, 1300, "out"], [start_us + 28_000_000, 900, "turn"]]
        assert (await one.read())["blind"] == 0
        await one.set(walks=walks)
        await one.world.run_s(36)

        values = await one.read()
        assert (values["inbound"], values["outbound"], values["blind"]) == (12, 1, 0)

        for fault in ({"brown": True}, {"absent": True}, {"blocked": "inner"}):
            await one.set(**fault)
            await one.world.run_s(25)
            assert (await one.read())["blind"] == 1, fault
            await one.set(brown=False, absent=False, blocked="none")
            await one.world.run_s(1)
            await one.read()
            values = await one.read()
            assert (values["inbound"], values["outbound"], values["blind"]) == (12, 1, 0), fault
        await one.set(glare_per_s=60)
        await one.world.run_s(20)
        assert (await one.read())["blind"] == 1, "a storm of breaks"
        assert one.world.refusals == []
