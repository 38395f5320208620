"""The SX1262 driver's bytes, against a chip that only keeps registers. No timing here."""

import asyncio

from tests.fake_buses import MADE
from tests.fake_device import Pin, machine
from tests.fake_radio import Board, Clock, HastyClock, failed
from tests.fake_radio import Sx126x as Chip

# isort: split
from lorawan import frame
from radios import sx126x, sx126x_start, sx1261, timed, wio_sx1262
from radios.sx126x import SX126X
from radios.sx1261 import SX1261


def radio(chip=None, kind=SX126X, **options):
    chip = chip or Chip()
    busy = Pin(2)
    made = kind(chip, Pin(3), busy, chip.dio1, Pin(15), Clock(), **options)
    return made, chip, busy


def test_time_on_air_has_one_definition():
    assert sx126x.time_on_air_us is frame.time_on_air_us


def test_start_sets_the_tcxo_before_it_calibrates_and_lora_before_anything_of_a_packet():
    _, chip, _ = radio(tcxo_mv=1700)
    order = [one[0] for one in chip.commands]
    assert order.index(0x97) < order.index(0x89) < order.index(0x9D) < order.index(0x8A)
    assert order.index(0x8A) < order.index(0x8B)
    assert chip.last(0x97) == b"\x97\x01\x00\x01\x40"
    assert (chip.registers[0x0740], chip.registers[0x0741]) == (0x34, 0x44)
    assert chip.registers[0x08D8] == 0x1E
    assert chip.last(0x98) == b"\x98\xd7\xdb"
    assert order[-1] == 0x84


def test_a_transmission_is_an_uplinks():
    one, chip, _ = radio()

    asyncio.run(one.transmit(b"hello", 868100000, 12, 125000, 14))

    assert chip.last(0x86) == b"\x86\x36\x41\x99\x9a"  # nearest of 0.95 Hz
    assert chip.last(0x8B) == b"\x8b\x0c\x04\x01\x01"
    assert chip.last(0x8C) == b"\x8c\x00\x08\x00\x05\x01\x00"
    assert chip.last(0x95) == b"\x95\x02\x02\x00\x01"
    assert chip.last(0x8E) == b"\x8e\x16\x04"
    assert chip.last(0x0E) == b"\x0e\x00hello"
    assert chip.registers[0x0736] & 4
    assert chip.registers[0x0889] & 4


def test_power_is_made_by_the_smallest_amplifier_that_can():
    one, chip, _ = radio()
    for dbm, amplifier, level in (
        (14, b"\x02\x02", 22),
        (10, b"\x02\x02", 18),
        (2, b"\x02\x02", 10),
        (16, b"\x02\x03", 21),
        (20, b"\x03\x05", 22),
        (30, b"\x04\x07", 22),
    ):
        one._power(dbm)
        assert chip.last(0x95) == b"\x95" + amplifier + b"\x00\x01", dbm
        assert chip.last(0x8E) == bytes([0x8E, level, 4]), dbm


def test_a_window_is_a_downlinks_and_brings_the_frame():
    one, chip, _ = radio()
    chip.air, chip.received = 2, b"answer"

    got = asyncio.run(one.receive(5000000, 8, 869525000, 9, 125000))

    assert got == (b"answer", -80, -16)
    assert chip.last(0x8C) == b"\x8c\x00\x08\x00\xff\x00\x01"
    assert not chip.registers[0x0736] & 4
    assert chip.last(0xA0) == b"\xa0\x08"
    assert one._clock.now == 4968000


def test_before_a_window_the_cpu_sleeps_only_where_a_sleep_ends_in_time():
    one, chip, _ = radio()
    chip.air = 0x200
    kept, slept = timed.sleep_ms, []
    timed.sleep_ms = lambda ms: slept.append(ms) or kept(ms)
    try:
        asyncio.run(one.receive(5000000, 8, 869525000, 9, 125000))
        assert len(slept) == 1 and 20 < slept.pop() < 32
        one.naps = False
        asyncio.run(one.receive(9000000, 8, 869525000, 9, 125000))
    finally:
        timed.sleep_ms = kept

    assert slept == []
    assert one.windows()["n"] == 2


def test_symbols_are_rounded_up_to_what_the_chip_can_count():
    one, chip, _ = radio()
    for wanted, counted in (
        (6, 6),
        (7, 8),
        (62, 62),
        (63, 64),
        (100, 104),
        (248, 248),
        (300, 248),
    ):
        one._symbols(wanted)
        assert chip.last(0xA0)[1] == counted, wanted
        mantissa, exponent = chip.registers[0x0706] >> 3, chip.registers[0x0706] & 7
        assert mantissa << 2 * exponent + 1 == counted


def test_listening_ends_by_no_time():
    one, chip, _ = radio()

    async def story():
        one.listen(869525000, 12, 125000, lambda *_: None)
        assert chip.last(0x82) == b"\x82\xff\xff\xff"
        one.sleep()

    asyncio.run(story())


def test_a_radio_that_stays_busy_is_named_with_what_to_check():
    one, _, busy = radio()
    busy.level = 1
    said = failed(lambda: asyncio.run(one.transmit(b"x", 868100000, 7, 125000, 14)))
    assert said == ("sx126x: BUSY stays high; check power and PINS of /board.py")


def test_a_radio_that_answers_wrongly_is_no_radio():
    chip = Chip()
    chip.errors = 0x20
    assert failed(lambda: radio(chip)).startswith("sx126x: answers wrongly (errors 20)")


def test_a_transmission_that_never_ends_is_an_error():
    one, chip, _ = radio()
    chip.raise_irq = lambda bits: None

    one._clock = HastyClock()
    said = failed(lambda: asyncio.run(one.transmit(b"x", 868100000, 7, 125000, 14)))
    assert said == "sx126x: no end of transmission; check DIO1 in PINS of /board.py"


def test_a_board_names_its_switch_and_tcxo_or_is_refused_with_a_sentence():
    sx126x_start.wires(Board(RF_SWITCH="none"))
    for name, value, allowed in (
        ("RF_SWITCH", "txen", "('dio2', 'none')"),
        ("RF_SWITCH", None, "('dio2', 'none')"),
        ("TCXO_MV", 1750, "(0, 1600, 1700, 1800, 2200, 2400, 2700, 3000, 3300)"),
    ):
        said = failed(sx126x.from_board, Board(**{name: value}), Clock())
        assert said == "/board.py: %s: %s is none of %s" % (name, value, allowed)


def test_without_a_switch_on_dio2_it_is_not_driven():
    assert 0x9D in [one[0] for one in radio()[1].commands]
    assert 0x9D not in [one[0] for one in radio(dio2_switch=False)[1].commands]


def test_the_amplifier_of_an_sx1261_is_its_own():
    one, chip, _ = radio(kind=SX1261)
    for dbm, amplifier, level in (
        (10, b"\x01\x00\x01", 13),
        (2, b"\x01\x00\x01", 5),
        (14, b"\x04\x00\x01", 14),
        (15, b"\x06\x00\x01", 14),
        (22, b"\x06\x00\x01", 14),
    ):
        one._power(dbm)
        assert chip.last(0x95) == b"\x95" + amplifier + b"\x01", dbm
        assert chip.last(0x8E) == bytes([0x8E, level, 4]), dbm
    assert 0x08D8 not in chip.registers, "15.2 is of the SX1262"


def test_a_board_says_the_gain_of_its_antenna():
    buses = machine.SPI
    machine.SPI = lambda number, **wires: Chip()
    try:
        for literals, gain in (({}, 2), ({"ANTENNA_DBI": 5}, 5), ({"ANTENNA_DBI": -1}, -1)):
            board = Board(**literals)
            for module in (sx126x, sx1261):
                assert module.from_board(board, Clock()).antenna_dbi == gain
    finally:
        machine.SPI = buses


def test_the_antenna_switch_of_a_wio_sx1262_has_power_before_the_radio_is_used():
    before = len(MADE)
    buses = machine.SPI
    machine.SPI = lambda number, **wires: Chip()
    try:
        said = failed(wio_sx1262.from_board, Board(), Clock())
        assert said == "/board.py: radio wio_sx1262 needs antenna in PINS"
        wio_sx1262.from_board(Board(PINS=dict(Board.PINS, antenna=38)), Clock())
    finally:
        machine.SPI = buses
    assert [pin.level for pin in MADE[before:] if getattr(pin, "number", None) == 38] == [1]
