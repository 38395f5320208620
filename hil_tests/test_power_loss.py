"""Power cut after every flash operation of join and uplinks, whole and torn, in virtual time.

Each operation is cut once, by turns whole and torn, and on the ESP32, which takes longer to
emulate, two; with `--weeks`, as in `make faults`, each is cut both ways on both.
After each cut the board starts again and must go on: no DevNonce twice, no FCnt with two frames,
no reading lost that the journal holds. Emulated: the flash is a model, its operations can be torn.
"""

import asyncio
import os
from collections import defaultdict
from typing import Any

import pytest

from hil_tests.nodes import only_virtual
from tools.bench.network.lorawan import DataFrame, JoinRequest, MType, mtype
from tools.bench.world.lab import BOARD, Lab

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]

WHY = "its power is cut at an exact flash operation"
SETTINGS: dict[str, Any] = {"report_s": 60, "sample_s": 10}
CUT_WITHIN_S = 120
ESP32 = "t_beam"
FEW = ((14, True), (40, False))
"""Of the ESP32's some 65 operations: one of the join, torn, and one of the readings, whole."""
DARK_S = 5


async def to_two_readings(lab, unit, within_s):
    return await lab.run(within_s, lambda: len(readings(unit)) >= 2)


def readings(unit):
    return [up for up in unit.of("up") if up.f_port == 10]


async def flash_operations(profile, board=BOARD):
    """How many flash operations a board does from power to its second reading."""
    async with Lab() as lab:
        unit = await lab.add(profile, board=board, **SETTINGS)
        assert await to_two_readings(lab, unit, 180)
        ledger = await unit.board.ledger()
    return ledger["flash"]["erases"] + ledger["flash"]["programs"]


def assert_no_repeats(lab):
    """No join-request nonce twice, and each uplink counter of a session with one frame only."""
    nonces, frames = [], defaultdict(set)
    for heard in lab.frames:
        if mtype(heard.payload) is MType.JOIN_REQUEST:
            nonces.append(JoinRequest.parse(heard.payload).dev_nonce)
        else:
            frame = DataFrame.parse(heard.payload)
            frames[frame.dev_addr, frame.f_cnt].add(heard.payload)
    assert len(nonces) == len(set(nonces)), f"a DevNonce was used twice: {nonces}"
    twice = {key: found for key, found in frames.items() if len(found) > 1}
    assert not twice, f"counters with two frames: {twice}"


async def cut_and_go_on(number, torn, board=BOARD):
    """One board, its power cut after its n-th flash operation, then on again."""
    async with Lab(seed=number) as lab:
        unit = await lab.add("bin", board=board, **SETTINGS)
        await unit.board.cut_power(after_flash_op=number, torn=torn)
        assert await lab.run(CUT_WITHIN_S, lambda: not unit.board.powered, step_s=1), "no cut"
        await lab.run(DARK_S)
        await unit.board.power(True)

        assert await to_two_readings(lab, unit, 300), f"dead after a cut at {number}, torn {torn}"
        assert_no_repeats(lab)
        return number


async def survive(cuts, board=BOARD):
    """Each cut on a board of its own, as many at once as there are cores."""
    free = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(number, torn):
        async with free:
            return await cut_and_go_on(number, torn, board)

    survived = await asyncio.gather(*(one(*cut) for cut in cuts))
    assert survived == [number for number, _ in cuts]


async def every_cut(board=BOARD):
    """[(number of the operation, torn)], each operation of a board's first two readings."""
    total = await flash_operations("bin", board)
    assert total >= 4, "join and uplink must be on flash before the radio moves"
    return [(number, torn) for number in range(1, total + 1) for torn in (False, True)]


async def test_a_cut_after_every_flash_operation_repeats_nothing(virtual, pytestconfig):
    only_virtual(virtual, WHY)
    cuts = await every_cut()
    if not pytestconfig.getoption("weeks"):
        cuts = [(number, torn) for number, torn in cuts if torn == bool(number % 2)]
    await survive(cuts)


@pytest.mark.timeout(3600)
async def test_a_cut_after_a_flash_operation_repeats_nothing_on_an_esp32(virtual, pytestconfig):
    only_virtual(virtual, WHY)
    cuts = await every_cut(ESP32) if pytestconfig.getoption("weeks") else FEW
    await survive(cuts, ESP32)
