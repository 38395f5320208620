"""A MicroPython program on an emulated board, with a part that the bench does not know on its bus.

.cache/venv/bin/python tools/bench/sim/example/thermometer.py t_beam
"""

import asyncio
import sys
from pathlib import Path

from tools.bench.world.image import image
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import wiring

PROGRAM = """
from machine import I2C, Pin
bus = I2C(0, sda=Pin({sda}), scl=Pin({scl}))
def celsius():
    high, low = bus.readfrom_mem({addr}, 0, 2)
    return ((high << 8 | low) ^ 0x8000) / 256 - 128
print("it is", celsius())
"""


async def main(product: str) -> None:
    """Runs the program as main.py, then asks it once more in warmer air."""
    light = wiring(product)["SENSORS"]["light"]
    part = {"chip": "tmp102", "i2c": 0, "sda": light["sda"], "scl": light["scl"], "addr": 0x48}
    files = {"/main.py": PROGRAM.format(**part).encode()}
    flash = image(files, wiring(product)["FLASH"]["fs_size"])
    async with Simulation(own_parts=Path(__file__).parent) as world:
        board = await world.add_board("mine", board=product, flash=flash, sensors={"light": part})
        await board.expect(">>> ")
        print(board.transcript.decode().splitlines()[0])
        await board.set("tmp102", celsius=-3.5)
        print("in the cold:", (await board.exec("print(celsius())")).strip())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
