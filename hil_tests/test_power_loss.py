"""Power cut after every flash operation of join and uplinks, whole and torn, in virtual time.

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
from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]

SETTINGS: dict[str, Any] = {"report_s": 60, "sample_s": 10}
CUT_WITHIN_S = 120
DARK_S = 5


async def to_two_readings(lab, unit, within_s):
    return await lab.run(within_s, lambda: len(readings(unit)) >= 2)


def readings(unit):
    return [up for up in unit.of("up") if up.f_port == 10]


async def flash_operations(profile):
    """How many flash operations a board does from power to its second reading."""
    async with Lab() as lab:
        unit = await lab.add(profile, **SETTINGS)
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


async def cut_and_go_on(number, torn):
    """One board, its power cut after its n-th flash operation, then on again."""
    async with Lab(seed=number) as lab:
        unit = await lab.add("bin", **SETTINGS)
        await unit.board.cut_power(after_flash_op=number, torn=torn)
        assert await lab.run(CUT_WITHIN_S, lambda: not unit.board.powered, step_s=1), "no cut"
        await lab.run(DARK_S)
        await unit.board.power(True)

        assert await to_two_readings(lab, unit, 300), f"dead after a cut at {number}, torn {torn}"
        assert_no_repeats(lab)
        return number


async def test_a_cut_after_every_flash_operation_repeats_nothing(virtual):
    only_virtual(virtual, "its power is cut at an exact flash operation")
    total = await flash_operations("bin")
    assert total >= 4, "join and uplink must be on flash before the radio moves"
    free = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(number, torn):
        async with free:
            return await cut_and_go_on(number, torn)

    cuts = [(number, torn) for number in range(1, total + 1) for torn in (False, True)]
    survived = await asyncio.gather(*(one(*cut) for cut in cuts))

    assert len(survived) == 2 * total
