"""The SX1276 driver's bytes, against a chip that only keeps registers. No timing here."""

import asyncio

from tests.fake_device import Pin
from tests.fake_radio import Clock, failed
from tests.fake_radio import Sx1276 as Chip

# isort: split
from radios.sx1276 import SX1276


def radio(chip=None):
    chip = chip or Chip()
    return SX1276(chip, Pin(18), chip.dio0, chip.dio1, Pin(23), Clock()), chip


def test_the_image_is_calibrated_before_lora_and_the_mode_changes_in_sleep():
    _, chip = radio()
    modes = [one[1] for one in chip.commands if one[0] == 0x81]
    assert modes == [0x01, 0x00, 0x80, 0x81, 0x85, 0x81, 0x80]
    order = [one[0] for one in chip.commands]
    assert order.index(0x86) < order.index(0xBB) < order.index(0xA0)
    assert chip.last(0x39) == b"\xb9\x34"
    assert chip.registers[0x0C] == 0x23


def test_a_transmission_is_an_uplinks():
    one, chip = radio()

    asyncio.run(one.transmit(b"hello", 868100000, 12, 125000, 14))

    assert chip.last(0x06) == b"\x86\xd9\x06\x66"  # nearest of 61 Hz
    assert chip.last(0x1D) == b"\x9d\x72\xc4\x04"
    assert chip.last(0x26) == b"\xa6\x0c"
    assert chip.last(0x22) == b"\xa2\x05"
    assert (chip.registers[0x33], chip.registers[0x3B]) == (0x27, 0x1D)
    assert chip.fifo == b"hello"
    assert chip.last(0x40) == b"\xc0\x40"
    assert chip.last(0x09) == b"\x89\x8c"


def test_a_window_is_a_downlinks():
    one, chip = radio()
    chip.air = Chip.EMPTY

    asyncio.run(one.receive(5000000, 300, 869525000, 9, 250000))

    assert chip.last(0x1D) == b"\x9d\x82\x91\x2c"
    assert (chip.registers[0x33], chip.registers[0x3B]) == (0x67, 0x19)
    assert chip.last(0x40) == b"\xc0\x00"
    assert chip.commands[-1] == b"\x81\x86"


def test_the_errata_follow_the_bandwidth():
    one, chip = radio()
    one._tune(868100000, 7, 125000)
    assert [chip.registers[at] for at in (0x2F, 0x30, 0x31, 0x36)] == [0x40, 0, 0x43, 3]
    one._tune(868100000, 8, 500000)
    assert [chip.registers[at] for at in (0x31, 0x36, 0x3A)] == [0xC3, 2, 0x64]


def test_power_and_its_current():
    one, chip = radio()
    for dbm, pa, dac, ocp in (
        (14, 0x8C, 0x84, 0x2B),
        (2, 0x80, 0x84, 0x2B),
        (-3, 0x80, 0x84, 0x2B),
        (17, 0x8F, 0x84, 0x2B),
        (18, 0x8D, 0x87, 0x31),
        (22, 0x8F, 0x87, 0x31),
    ):
        one._power(dbm)
        assert [chip.registers[at] for at in (0x09, 0x4D, 0x0B)] == [pa, dac, ocp], dbm


def test_above_the_noise_the_level_has_the_slope_of_the_datasheet():
    one, chip = radio()
    chip.air, chip.received = Chip.FRAME, b"x"
    answered = chip.write_readinto

    def loud(out, answer):
        answered(out, answer)
        if out[0] == 0x10:
            answer[10], answer[11] = 20, 90

    chip.write_readinto = loud
    assert asyncio.run(one.receive(5000000, 8, 869525000, 9, 125000)) == (b"x", -61, 20)


def test_a_header_that_came_in_time_is_waited_for():
    one, chip = radio()
    waits = []

    async def interrupt(until_us):
        waits.append(until_us)
        return False

    one._interrupt = interrupt
    assert asyncio.run(one.receive(5000000, 8, 869525000, 9, 125000)) is None
    assert len(waits) == 1
    chip.air = 0x10
    assert asyncio.run(one.receive(9000000, 8, 869525000, 9, 125000)) is None
    assert len(waits) == 3


def test_another_chip_and_one_that_does_not_calibrate_are_no_radio():
    chip = Chip()
    chip.registers[0x42] = 0x22
    assert failed(radio, chip) == (
        "sx1276: answers wrongly (version 22); check power and PINS of /board.py"
    )

    class Stuck(Chip):
        def write(self, data):
            super().write(data)
            if data[0] == 0xBB:
                self.registers[0x3B] = 0x62

    assert failed(radio, Stuck()) == "sx1276: does not calibrate; check power of the radio"
