"""Wrong key, wiped file system, absent sensor, unread console: the node names each and recovers.

Virtual time: boards, air and the bench network server, no gateway and no wall clock.
"""

import json

import pytest

from hil_tests.nodes import only_virtual
from tools.bench.world.image import files, image
from tools.bench.world.lab import APP_KEY, JOIN_EUI, Lab

pytestmark = [pytest.mark.slow, pytest.mark.faults]

WRONG_KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def on_virtual_boards(virtual):
    only_virtual(virtual, "its file system, its pins and the network server are the test's own")


async def joined(lab, unit, within_s=60):
    """Whether the node reports that it joined, within this time."""
    end = lab.simulation.now_us + within_s * 1_000_000
    while lab.simulation.now_us < end:
        if (await lab.ask(unit, "info"))["joined"]:
            return True
        await lab.run(5)
    return False


async def test_a_wrong_key_is_named_and_the_right_one_joins():
    async with Lab() as lab:
        unit = await lab.add("bin", app_key=WRONG_KEY)
        await lab.run(30)

        refusal = await lab.ask(unit, "join", within_s=120)
        assert not refusal["ok"]
        assert refusal["next"]
        assert unit.of("log"), "the network server must have said that the MIC is wrong"
        assert (await lab.ask(unit, f"config app_key {APP_KEY}"))["ok"]
        await unit.board.write(b"reboot\r\n")
        await lab.run(10)

        assert await joined(lab, unit, 300)


async def test_a_wiped_file_system_is_named_and_cleared_nonces_let_it_join_again():
    async with Lab() as lab:
        unit = await lab.add("bin", report_s=60)
        assert await joined(lab, unit)
        await unit.board.power(False)
        kept = {name: data for name, data in files(await unit.board.flash()).items()
                if not name.startswith("/state")}  # fmt: skip
        await unit.board.set_flash(image(kept))
        unit.device.dev_nonces |= {(JOIN_EUI, nonce) for nonce in range(200)}  # a long life
        await unit.board.power(True)
        await lab.run(30)

        info = await lab.ask(unit, "info")
        assert info["wiped"]
        assert not info["joined"]
        assert any("DevNonce" in log.description for log in unit.of("log"))
        refusal = await lab.ask(unit, "join", within_s=120)
        assert "DevNonces cleared" in refusal["next"]
        unit.device.dev_nonces.clear()  # what the operator does at the network server

        assert await joined(lab, unit, 400)


@pytest.mark.parametrize(
    ("profile", "part", "trouble"),
    [("bin", "a02yyuw", {"absent": True}), ("lamp", "bh1750", {"absent": True})],
)
async def test_a_sensor_that_is_absent_is_named_with_its_wires(profile, part, trouble):
    async with Lab() as lab:
        unit = await lab.add(profile, parts={part: trouble})
        await lab.run(20)

        answer = await lab.ask(unit, "measure")

        assert not answer["ok"]
        assert part in answer["error"]
        assert answer["next"]


async def test_a_console_that_nobody_reads_stops_nothing():
    async with Lab() as lab:
        unit = await lab.add("bin", report_s=60, sample_s=10)
        await unit.board.stop_reading()
        await unit.board.write(b"log 100\r\n" * 40)

        assert await lab.run(200, lambda: len(unit.of("up")) >= 4)


async def test_settings_that_are_wrong_are_refused_with_a_sentence():
    async with Lab() as lab:
        unit = await lab.add("bin", report_s=5)
        await lab.run(10)

        problem = (await lab.ask(unit, "info"))["problem"]

        assert "report_s" in problem
        assert json.dumps(60) in problem
