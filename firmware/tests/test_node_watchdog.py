"""No flow of a node leaves the watchdog unfed for 8.3 s: commands, ramps, faults of the radio."""

import asyncio

import pytest
from tests import virtual_time
from tests.fake_port import Port
from tests.test_node_app import Board, made, run, settled
from tests.test_radio_sx126x import Chip, Pin

# isort: split
from node.clock import Clock
from node.power import Power
from radios.sx126x import SX126X
from wire import codec
from wire.schema import COMMANDS

ONLY = "cpython"  # where time can be virtual

DIMS = [
    {"level": level, "ramp": ramp, "hold": hold}
    for level, hold in ((0, None), (100, 10080))
    for ramp in (0, 9, 60, 254, None)
]
ASKED = [("dim", dim) for dim in DIMS] + [
    ("interval", {"report_s": 60, "sample_s": 10}),
    ("interval", {"report_s": 86400, "sample_s": 86400}),
    ("resend", {"first": 0, "count": 254}),
    ("reboot", {}),
]


class Lit(Board):
    """A board with everything that a lamp needs."""

    PINS = {"lamp": 6}

    def __init__(self):
        super().__init__()
        self.SENSORS["light"] = {"chip": "bh1750", "i2c": 0, "sda": 0, "scl": 1}


def obeyed(profile, name, values):
    """The node after a command in RX1, five minutes later."""
    node = made(profile, board=Lit())
    command = codec.pack(name, {"token": 7, "expires": None} | values)

    async def story():
        await settled(node)
        node.link.downlinks.append((COMMANDS[name][0], command))
        node.report_soon()
        await asyncio.sleep(400)

    run(node, story, virtual_time.run)
    return node


def answered(profile, name, values):
    node = obeyed(profile, name, values)
    case = "%s: %s %s" % (profile, name, values)
    assert not node.power.port.bites(), "%s: %d us" % (case, node.power.port.longest_us)
    assert [port for port, _, _ in node.link.frames].count(21) == 1, case


@pytest.mark.parametrize("asked", [ASKED[1], ASKED[3], ASKED[-2]])
def test_a_command_ends_in_an_answer_and_starves_no_watchdog(asked):
    answered("lamp", *asked)


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["lamp", "counter"])
def test_every_command_ends_in_an_answer_and_no_command_starves_the_watchdog(profile):
    for name, values in ASKED:
        answered(profile, name, values)


def test_a_level_for_hours_by_the_console_and_a_broken_link_starve_nothing():
    node = made("lamp", board=Lit(), ramp_s=60)

    async def story():
        await settled(node)
        await node.shell("lamp 0 1440")
        node.link.up = False
        node.link.fail = True
        node.report_soon()
        await asyncio.sleep(7200)

    run(node, story, virtual_time.run)
    assert not node.power.port.bites()


def test_a_radio_whose_interrupt_is_lost_starves_nothing():
    """SF12: the end of a frame is awaited for 9.5 s."""
    port = Port()
    clock = Clock(Power(Board, port))
    chip = Chip()
    radio = SX126X(chip, Pin(3), Pin(2), chip.dio1, Pin(15), clock)
    port.start_watchdog()

    async def story():
        return await radio.receive(clock.us() + 1000000, 8, 869525000, 12, 125000)

    assert virtual_time.run(story()) is None
    assert not port.bites(), port.longest_us


def test_a_pause_does_not_end_before_its_time():
    """Else the flow takes turns in vain for the rest of the millisecond."""
    node = made("lamp", board=Lit())

    async def story():
        until_us = node.clock.us() + 1500
        await node.pause(until_us)
        return node.clock.us() - until_us

    assert virtual_time.run(story()) >= 0
