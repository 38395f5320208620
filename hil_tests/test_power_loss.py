"""Power cut after every flash operation of join and uplinks, whole and torn, in virtual time.

After each cut the board starts again and must go on: no DevNonce twice, no FCnt with two frames,
no reading lost that the journal took. Emulated: the flash is a model, its operations can be torn.
"""

from collections import defaultdict

import pytest

from hil_tests.nodes import only_virtual
from tools.bench.lab import Lab
from tools.bench.network.lorawan import DataFrame, JoinRequest, MType, mtype

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]

SETTLE_S = 60


async def to_two_readings(lab, unit, within_s):
    return await lab.run(within_s, lambda: len(readings(unit)) >= 2)


def readings(unit):
    return [up for up in unit.of("up") if up.f_port == 10]


async def flash_operations(profile):
    """How many flash operations a board does from power to its second reading."""
    async with Lab() as lab:
        unit = await lab.add(profile, report_s=60, sample_s=10)
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


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
async def test_a_cut_after_every_flash_operation_repeats_nothing(torn, virtual):
    only_virtual(virtual, "its power is cut at an exact flash operation")
    total = await flash_operations("bin")
    assert total >= 4, "join and uplink must be on flash before the radio moves"

    for number in range(1, total + 1):
        async with Lab(seed=number) as lab:
            unit = await lab.add("bin", report_s=60, sample_s=10)
            await unit.board.cut_power(after_flash_op=number, torn=torn)
            await lab.run(SETTLE_S)
            await unit.board.power(True)

            assert await to_two_readings(lab, unit, 300), f"dead after a cut at {number}"
            assert_no_repeats(lab)
