"""What the MAC may expect of every radio, over chips that answer at once. No timing here."""

import asyncio

from tests import fake_lora, fake_radio
from tests.fake_device import Pin, machine
from tests.fake_radio import failed

# isort: split
from radios import modem, sx126x, sx126x_rxen, sx126x_start, sx1261, sx1276, sx1276_start, timed
from radios import wio_sx1262 as wio


def _sx126x(chip=None, kind=sx126x.SX126X):
    chip = chip or fake_radio.Sx126x()
    pins = Pin(3), Pin(2), chip.dio1, Pin(15)
    return kind(chip, *pins, fake_radio.Clock()), chip


def _sx1261():
    return _sx126x(kind=sx1261.SX1261)


def _switched():
    return _sx126x(kind=lambda *wires: sx126x_rxen.Switched(Pin(17), None, *wires))


def _sx1276(chip=None):
    chip = chip or fake_radio.Sx1276()
    pins = Pin(18), chip.dio0, chip.dio1, Pin(23)
    return sx1276.SX1276(chip, *pins, fake_radio.Clock()), chip


def _modem(pins=1):
    dio = Pin(20)
    chip = fake_lora.Modem(dio if pins else None)
    interrupts = (dio, Pin(21))[:pins]
    return modem.Modem(lambda: chip, interrupts, 22, fake_radio.Clock()), chip


def _inside():
    return _modem(0)


MADE = (_sx126x, _sx1261, _switched, _sx1276, _modem, _inside)
MODULES = (
    (sx126x, sx126x_start, fake_radio.Sx126x), (sx1261, sx126x_start, fake_radio.Sx126x),
    (wio, sx126x_start, fake_radio.Sx126x), (sx126x_rxen, sx126x_start, fake_radio.Sx126x),
    (sx1276, sx1276_start, fake_radio.Sx1276),
)  # fmt: skip
WINDOW = 5000000, 8, 869525000, 9, 125000


class Board(fake_radio.Board):
    """For any of these radios."""

    PINS = dict(fake_radio.Board.PINS, antenna=25, rxen=17)


def test_a_transmission_returns_its_end():
    for make in MADE:
        one, _ = make()
        assert asyncio.run(one.transmit(b"hello", 868100000, 12, 125000, 14)) == 0, make


def test_a_window_brings_its_frame_with_what_was_measured():
    for make in MADE:
        one, chip = make()
        chip.air, chip.received = chip.FRAME, b"answer"

        payload, rssi, snr = asyncio.run(one.receive(*WINDOW))

        assert payload == b"answer"
        assert (rssi, snr) == (-80, -16)
        assert one.windows()["n"] == 1


def test_the_settings_of_a_window_are_made_at_most_32_ms_before_it():
    for make in MADE:
        one, chip = make()
        chip.air = chip.EMPTY
        assert asyncio.run(one.receive(*WINDOW)) is None
        assert one._clock.now == 4968000


def test_a_broken_frame_is_none():
    for make in MADE:
        for irqs in make()[1].BROKEN:
            one, chip = make()
            chip.air, chip.received = irqs, b"broken"
            assert asyncio.run(one.receive(*WINDOW)) is None, (make, irqs)


def test_listening_hands_over_each_frame_until_the_next_call():
    for make in MADE:
        one, chip = make()
        heard = []

        async def story(one, chip, heard):
            one.listen(869525000, 12, 125000, lambda *got: heard.append(got[0]))
            for data in (b"first", b"second"):
                await asyncio.sleep(0.01)
                chip.received = data
                chip.raise_irq(chip.FRAME)
            await asyncio.sleep(0.01)
            one.sleep()
            chip.raise_irq(chip.FRAME)
            await asyncio.sleep(0.01)

        asyncio.run(story(one, chip, heard))

        assert heard == [b"first", b"second"], make


def test_a_transmission_that_does_not_end_is_an_error_that_names_the_pin():
    for make in MADE:
        one, chip = make()
        chip.raise_irq = lambda bits: None
        one._clock = fake_radio.HastyClock()
        said = failed(lambda one: asyncio.run(one.transmit(b"x", 868100000, 7, 125000, 14)), one)
        assert "no end of transmission; check DIO" in said and "/board.py" in said, make


def test_before_a_window_the_cpu_sleeps_only_where_a_sleep_ends_in_time():
    for make in MADE:
        one, chip = make()
        chip.air = chip.EMPTY
        kept, slept = timed.sleep_ms, []
        timed.sleep_ms = lambda ms, kept=kept, slept=slept: slept.append(ms) or kept(ms)
        modem.sleep_ms = timed.sleep_ms
        try:
            asyncio.run(one.receive(*WINDOW))
            assert len(slept) == 1 and 15 < slept.pop() < 32, make
            one.naps = False
            asyncio.run(one.receive(9000000, *WINDOW[1:]))
        finally:
            timed.sleep_ms = modem.sleep_ms = kept
        assert slept == [], make


def test_no_window_is_near_until_one_is_planned():
    for make in MADE:
        one, _ = make()
        assert one.window_in_ms() > 1000000
        one._open_us = 500000
        assert one.window_in_ms() == 468
        assert one.windows() == {"n": 0, "p50_us": None, "max_us": 0}
        assert 0 <= one.random() < 1 << 32


def test_a_board_file_makes_each_and_says_the_gain_of_its_antenna():
    buses = machine.SPI
    try:
        for module, _, chip in MODULES:
            machine.SPI = lambda number, chip=chip, **wires: chip()
            board = Board()
            assert module.from_board(board, fake_radio.Clock()).antenna_dbi == 2
            board.ANTENNA_DBI = -1
            assert module.from_board(board, fake_radio.Clock()).antenna_dbi == -1
    finally:
        machine.SPI = buses


def test_what_a_board_file_lacks_is_named():
    for module, start, _ in MODULES:
        board = Board()
        board.RADIO_SPI = 5
        assert "bad bus 5; check RADIO_SPI, sck, mosi, miso" in failed(start.wires, board)
        board.PINS = dict(Board.PINS)
        del board.PINS["dio1"]
        assert "dio1 in PINS" in failed(module.from_board, board, fake_radio.Clock())
    board.PINS = {}
    for module, name in ((wio, "antenna"), (sx126x_rxen, "rxen or txen")):
        said = failed(module.from_board, board, fake_radio.Clock())
        assert said.startswith("/board.py: radio ") and said.endswith("needs %s in PINS" % name)


def test_an_antenna_switch_follows_the_radio():
    one, chip = _switched()
    rxen = one._rxen
    assert rxen.level == 0, "asleep"
    chip.air = chip.EMPTY
    asyncio.run(one.receive(*WINDOW))
    assert rxen.level == 1
    asyncio.run(one.transmit(b"x", 868100000, 7, 125000, 14))
    assert rxen.level == 0
    one.sleep()
    one._txen = Pin(18)
    asyncio.run(one.transmit(b"x", 868100000, 7, 125000, 14))
    assert (rxen.level, one._txen.level) == (0, 1)
    one.sleep()
    assert (rxen.level, one._txen.level) == (0, 0)
