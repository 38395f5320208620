"""The adapter of the package `lora`, over a stand-in with the package's public calls."""

import asyncio
import sys

from tests import fake_lora, fake_radio
from tests.fake_device import Pin, machine
from tests.fake_radio import Clock, failed

# isort: split
from radios import modem, modem_start

WINDOW = 5000000, 8, 869525000, 9, 125000


class Board(fake_radio.Board):
    """Of a modem."""

    MODEM = "SX1262"
    TCXO_MV = 1700


class Package:
    """The module `lora` with three of its classes; `made` are the arguments of each that was."""

    def __init__(self):
        self.made = []
        self.SX1262 = self.SX1276 = self.WL55SubGhzModem = self._make

    def _make(self, *wires, **options):
        self.made.append((wires, options))
        return fake_lora.Modem()


def with_package(call, *arguments):
    """(what the call returned, the package)."""
    package = Package()
    sys.modules["lora"] = package
    try:
        return call(*arguments), package
    finally:
        del sys.modules["lora"]


def radio(most_dbm=22):
    dio = Pin(20)
    chip = fake_lora.Modem(dio)
    return modem.Modem(lambda: chip, (dio,), most_dbm, Clock()), chip


def test_it_is_set_up_for_a_public_lorawan_and_calibrated():
    _, chip = radio()
    wanted = {
        "syncword": 0x34, "preamble_len": 8, "coding_rate": 5, "crc_en": True,
        "implicit_header": False, "invert_iq_rx": True, "invert_iq_tx": False,
    }  # fmt: skip
    assert {name: chip.config[name] for name in wanted} == wanted
    assert chip.calls == ["calibrate", "calibrate_image"]
    assert chip.state == "asleep"


def test_a_transmission_has_its_channel_rate_and_at_most_the_power_that_is_safe():
    for most_dbm, power in ((22, 20), (17, 17)):
        one, chip = radio(most_dbm)
        asyncio.run(one.transmit(b"hello", 868100000, 12, 500000, 20))
        assert chip.sent == b"hello"
        assert [chip.config[name] for name in ("freq_khz", "sf", "bw", "output_power")] == [
            868100, 12, "500", power
        ]  # fmt: skip


def test_a_window_holds_a_whole_header_after_its_symbols():
    one, chip = radio()
    chip.air = chip.EMPTY
    assert asyncio.run(one.receive(*WINDOW)) is None
    assert chip.timeout_ms == 132  # 8 and 24 symbols of 4.096 ms


def test_an_interrupt_that_ends_nothing_is_waited_over():
    one, chip = radio()
    polls = []
    polled = chip.poll_recv

    def poll_recv():
        polls.append(1)
        if len(polls) == 1:
            chip.received = b"late"
            chip.raise_irq(chip.FRAME)
            return True
        return polled()

    chip.poll_recv = poll_recv
    chip.air = "header"
    assert asyncio.run(one.receive(*WINDOW))[0] == b"late"


def test_a_chip_without_pins_calls_back():
    chip = fake_lora.Modem()
    one = modem.Modem(lambda: chip, (), 22, Clock())
    assert one.pins == 0
    asyncio.run(one.transmit(b"x", 868100000, 7, 125000, 14))
    assert chip.sent == b"x"


def test_what_the_package_raises_says_what_to_check():
    def make():
        raise RuntimeError("Unexpected silicon version 255")

    assert failed(modem.Modem, make, (), 22, Clock()) == (
        "modem: Unexpected silicon version 255; check power, PINS and TCXO_MV of /board.py"
    )


def test_the_wrong_bit_of_inverted_iq_is_put_right():
    class Wrong(fake_lora.Modem):
        register = 0x0D

        def _reg_read(self, address):
            assert address == 0x0736
            return self.register

        def _reg_write(self, address, value):
            self.register = value

        def _invert_workaround(self, inverted):
            self.register = self.register & ~4 | inverted << 2

    one = Wrong()
    modem_start.mend(one)
    one._invert_workaround(True)
    assert one.register == 0x09
    one._invert_workaround(False)
    assert one.register == 0x0D


def test_the_intermediate_frequency_of_an_sx127x_is_put_right():
    class Sx127x(fake_lora.Modem):
        written = None

        def _set_invert_iq2(self, _):
            pass

        def _reg_write(self, address, value):
            self.written = address, value

    one = Sx127x()
    modem_start.mend(one)
    assert one.written == (0x2F, b"\x40\x00")


def test_a_board_names_its_modem_and_the_package_gets_its_wires():
    one, package = with_package(modem.from_board, Board(), Clock())
    _, options = package.made[0]
    assert one.pins == 1
    assert sorted(options) == [
        "busy", "dio1", "dio2_rf_sw", "dio3_tcxo_millivolts", "dio3_tcxo_start_time_us", "reset",
    ]  # fmt: skip
    assert options["dio3_tcxo_millivolts"] == 1700
    options["dio1"].init(0)
    options["dio1"].irq(None, 1, hard=True)

    one, package = with_package(modem.from_board, Board(MODEM="SX1276", ANTENNA_DBI=5), Clock())
    assert sorted(package.made[0][1]) == ["dio0", "dio1", "reset"]
    assert (one.pins, one.antenna_dbi, one._most_dbm) == (2, 5, 17)

    one, package = with_package(modem.from_board, Board(MODEM="WL55SubGhzModem", PINS={}), Clock())
    assert package.made == [((), {"tcxo_millivolts": 1700})]
    assert one.pins == 0


def test_a_wrong_board_file_or_package_has_a_sentence():
    known = "SX1261, SX1262, SX1276, SX1277, SX1278, SX1279, WL55SubGhzModem"
    assert failed(modem_start.wires, Board(MODEM="RFM95")) == (
        "/board.py: MODEM: RFM95 is none of " + known
    )
    assert failed(modem_start.wires, Board()).endswith("install firmware/package-modem.json")
    said, _ = with_package(failed, modem_start.wires, Board(MODEM="SX1261"))
    assert said == "radio modem: the package lora has no SX1261; install its package"
    said, _ = with_package(failed, modem_start.wires, Board(PINS={"sck": 10, "mosi": 11}))
    assert said == (
        "/board.py: radio modem with SX1262 needs miso in PINS, nss in PINS, reset in PINS, "
        "dio1 in PINS, busy in PINS"
    )
    buses = machine.SPI
    said, _ = with_package(failed, modem_start.wires, Board(RADIO_SPI=5))
    assert said.startswith("/board.py: radio modem: bad bus 5; check RADIO_SPI")
    machine.SPI = buses


def test_the_stand_in_refuses_what_the_package_does():
    one = fake_lora.Modem()
    for config in ({"sf": 13}, {"bw": "100"}, {"frequency": 1}):
        try:
            one.configure(config)
            raise AssertionError(config)
        except (ValueError, KeyError):
            pass
    one.start_recv(100)
    for call in (lambda: one.configure({}), one.calibrate, one.start_send):
        try:
            call()
            raise AssertionError(call)
        except RuntimeError:
            pass
    try:
        one.start_recv(100, True)
        raise AssertionError
    except ValueError:
        pass
