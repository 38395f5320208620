"""What `unload` gives back of the heap, on MicroPython's 32-bit unix port."""

import subprocess
from pathlib import Path

from tools.build import plan, staged_files
from tools.setup.paths import MICROPYTHON_UNIX

BOARD = "pico_lora_sx1262"
ALWAYS = (
    "node.app", "node.links.lorawan", "node.profiles.lamp", "node.sensors.bh1750",
    "node.sensors.am312", "node.ports.rp2", "lorawan.plan.dynamic", "lorawan.region.eu868",
    "radios.sx126x",
)  # fmt: skip
SOMETIMES = (
    "node.start", "node.wiring", "node.terminal", "node.answer",
    "node.shell.info", "node.shell.set", "node.shell.save", "node.shell.sim", "node.shell.test",
    "node.shell",
    "node.links.lorawan_console",
    "node.lamp_commands", "node.settings", "node.changes",
    "node.defaults", "node.commands", "node.segments", "node.ports", "node.links",
    "wire.commands", "wire.table", "wire.words", "wire.profiles", "lorawan.join",
    "lorawan.activation", "lorawan.saved", "lorawan.commands",
    "lorawan.plan.dynamic_setup", "radios.sx126x_start",
)  # fmt: skip
SCRIPT = """
import sys, gc
sys.path[:] = ["lib", ".frozen"]
import asyncio, json, os, struct, binascii, select, random, time, cryptolib
asyncio.Event, asyncio.Lock, asyncio.StreamReader, asyncio.wait_for
for name in ALWAYS:
    __import__(name)
from unload import unload
grown = number = 0
while grown < 3000:  # the table of names doubles when it is full: let it do so before
    grown = -gc.mem_alloc()
    getattr(sys, "name%d" % number, None)
    grown += gc.mem_alloc()
    number += 1
def live():
    gc.collect()
    return gc.mem_alloc()
before = live()
for name in SOMETIMES:
    __import__(name)
loaded = live()
for name in SOMETIMES:
    unload(name)
print(before, loaded - before, loaded - live(), len([n for n in SOMETIMES if n in sys.modules]))
"""
MACHINE = "class Pin: pass\nI2C = UART = PWM = SPI = ADC = Pin\n"


def measure(folder: Path) -> tuple[int, ...]:
    """Bytes before, bytes that all modules took, bytes given back, modules still loaded."""
    files = {path: data for path, data in staged_files(BOARD).items() if path.startswith("/lib/")}
    for path, data in (files | {"/lib/machine.py": MACHINE.encode()}).items():
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    script = plan().short(f"ALWAYS = {ALWAYS!r}\nSOMETIMES = {SOMETIMES!r}\n{SCRIPT}")
    done = subprocess.run(
        [str(MICROPYTHON_UNIX), "-X", "heapsize=400K", "-c", script],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(map(int, done.stdout.split()))


def test_unload_gives_back_nine_tenths_of_what_a_board_needs_now_and_then(tmp_path):
    _, taken, freed, left = measure(tmp_path)

    assert left == 0
    assert taken > 35_000
    assert freed * 10 > taken * 9
