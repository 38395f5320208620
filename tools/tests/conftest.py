"""Emulated boards for the tests of this folder: one process a file, a fresh board a test."""

import contextlib
import itertools

import pytest
import pytest_asyncio

from tools.bench.world.image import image
from tools.bench.world.lab import Lab
from tools.bench.world.simulation import Simulation
from tools.setup import paths
from tools.tests.bare_boards import bare

NAMES = (f"node{i}" for i in itertools.count())
BARE = bare()
PROGRAM = """
import io, machine, time
out = io.StringIO()
%s
f = open("out", "w")
f.write(out.getvalue())
f.close()
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world():
    """The process that the boards of one test file share: it starts once and stays warm."""
    if not paths.FIRMWARE_BIN.exists():
        pytest.skip("the firmware is not built: run `make check`")
    async with Simulation() as made:
        yield made


@pytest_asyncio.fixture
async def lab():
    """Boards, air and network server in virtual time; at its end no rule was broken."""
    async with Lab() as made:
        yield made
    assert made.simulation.refusals == []
    assert made.simulation.violations == []


@pytest.fixture(scope="session", name="bare")
def bare_parts():
    """The `parts` of a Pico without any part."""
    return BARE


@pytest.fixture
def running(world):
    """`async with running(parts=...) as (world, board)`: a fresh bare board at its prompt."""

    @contextlib.asynccontextmanager
    async def run(other=None, *, usb=True, parts=None, **options):
        on = other or world
        board = await on.add_board(next(NAMES), parts=BARE | (parts or {}), usb=usb, **options)
        if usb:
            await board.expect(">>> ", within_s=3)
        yield on, board
        await board.power(False)

    return run


@pytest.fixture
def unplugged(world):
    """A board without a cable (USB keeps it half awake) that has run a program."""

    @contextlib.asynccontextmanager
    async def run(code, within_s=10.0, **parts):
        flash = image({"/main.py": (PROGRAM % code).encode()})
        board = await world.add_board(next(NAMES), parts=BARE | parts, usb=False, flash=flash)
        await world.run_s(within_s)
        yield world, board
        await board.power(False)

    return run
