"""Receive windows on an emulated ESP32: two cores, a console, a handler that is called late."""

import pytest

from tools.bench.measure.windows import AIM_MS, error_ms, errors
from tools.bench.world.image import image
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import wiring
from tools.build import plan, staged_files

pytestmark = pytest.mark.slow

BOARD = "t_beam"
BUSY = """
import asyncio
import board
from node.clock import Clock
from node.ports.esp32 import Port
from radios.sx126x import from_board

class Power:
    def may_doze(self): return False
    def feed(self): pass
    def on_rising(self, pin, handler): pin.irq(handler, pin.IRQ_RISING)

async def hold():
    await asyncio.sleep_ms(20)
    max(range(100000))

async def run():
    radio = from_board(board, Clock(Power()))
    for held in (False, True):
        if held:
            asyncio.create_task(hold())
        end = await radio.transmit(bytes(range(20)), 868100000, 7, 125000, 14)
        await radio.receive(end + 1000000, 8, 868100000, 7, 125000)
    print("done")

asyncio.run(run())
"""


@pytest.mark.parametrize("board", [BOARD, "t3_v16"])
@pytest.mark.parametrize("asked", [True, False])
async def test_windows_of_a_node_open_in_time(board: str, asked: bool):
    """Of one whose console is used, and of one that sleeps between reports; by each radio."""
    found = await errors(board, 3, 6, asked=asked)

    assert len(found) >= 6
    assert max(map(abs, found)) <= AIM_MS, found


async def test_an_interrupt_that_is_handled_late_moves_no_window():
    """On an ESP32 a handler runs between two bytecodes, and one bytecode can take long."""
    files = staged_files(BOARD) | {"/main.py": plan().short(BUSY).encode()}
    async with Simulation() as world:
        flash = image(files, wiring(BOARD)["FLASH"]["fs_size"])
        board = await world.add_board("busy", board=BOARD, flash=flash)
        await board.expect("done", within_s=20)
        windows = (await board.drain("sx1262"))["windows"]

    found = [error_ms(one) for one in windows if not one["continuous"]]
    assert len(found) == 2
    assert max(map(abs, found)) <= AIM_MS, found
