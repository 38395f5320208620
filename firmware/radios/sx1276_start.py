"""The start of an SX1276: wires, reset, calibration, random seed. Unloaded afterwards.

Source: SX1276/77/78/79 datasheet rev 7; chapters are named at the numbers.
"""

import os
import random
from time import sleep_ms, ticks_diff, ticks_us

from micropython import const

from radios.errors import RadioError

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from machine import SPI, Pin

_PINS = ("sck", "mosi", "miso", "nss", "reset", "dio0", "dio1")
_VERSION = const(0x12)
_CALIBRATES = const(0x20)
_CALIBRATION_MS = const(20)  # it takes 10 (3.5.7.3)
_FREQUENCY = b"\x86\xd9\x06\x66"  # 868.1 MHz
_FSK_STANDBY = b"\x81\x01"  # registers of the band above 779 MHz
_FSK_SLEEP = b"\x81\x00"
_CALIBRATE = b"\xbb\x42"  # now, and not by itself while a frame is received
_SLEEP = b"\x81\x80"  # LongRangeMode changes in sleep only (4.1.2.1)
_START = (
    b"\x8c\x23",  # the receiver with its boost
    b"\x8e\x00\x00",  # both ends of the FIFO from 0
    b"\xa0\x00\x08\x01\xff",  # preamble of 8 symbols; payloads up to 255 bytes
    b"\xb9\x34",  # sync word of public networks
)


def wires(board) -> "tuple[SPI, Pin, Pin, Pin, Pin]":
    """(SPI, NSS, DIO0, DIO1, reset) as PINS of `board` has them. Raises RadioError."""
    from machine import SPI, Pin

    pins = board.PINS
    missing = [] if hasattr(board, "RADIO_SPI") else ["RADIO_SPI"]
    missing += ["%s in PINS" % name for name in _PINS if name not in pins]
    if missing:
        raise RadioError("/board.py: radio sx1276 needs " + ", ".join(missing))
    sck, mosi, miso, _, _, dio0, dio1 = [Pin(pins[name], Pin.IN) for name in _PINS]
    try:
        spi = SPI(board.RADIO_SPI, baudrate=8000000, sck=sck, mosi=mosi, miso=miso)
    except (TypeError, ValueError) as error:
        raise RadioError("/board.py: radio sx1276: %s; check RADIO_SPI, sck, mosi, miso" % error)
    nss = Pin(pins["nss"], Pin.OUT, value=1)
    reset = Pin(pins["reset"], Pin.OUT, value=1)
    return spi, nss, dio0, dio1, reset


def start(radio, reset) -> None:
    """Reset and set up, left in standby. Raises RadioError when no SX1276 answers."""
    reset(0)
    sleep_ms(2)  # at least 0.1; of n ms the first may be a moment, up to the next tick
    reset(1)
    sleep_ms(11)  # 5 after a reset, 10 after power came (7.2)
    version = radio._register(0x42)
    if version != _VERSION:
        what = "sx1276: answers wrongly (version %02x); check power and PINS of /board.py"
        raise RadioError(what % version)
    radio._send(_FSK_STANDBY)
    radio._send(_FREQUENCY)
    _calibrate(radio)
    radio._send(_FSK_SLEEP)
    radio._send(_SLEEP)
    radio._wake()
    for command in _START:
        radio._send(command)
    radio._tune(868100000, 7, 125000)
    _seed(radio)


def _calibrate(radio):
    """The image, at the frequency that is set (3.5.7.3)."""
    radio._send(_CALIBRATE)
    for _ in range(_CALIBRATION_MS):
        sleep_ms(1)
        if not radio._register(0x3B) & _CALIBRATES:
            return
    raise RadioError("sx1276: does not calibrate; check power of the radio")


def _seed(radio):
    """The receiver's noise seeds `random` (RegRssiWideband, 4.1.2)."""
    radio._packet(255, 0, 1, 0)
    begun = ticks_us()
    radio._send(b"\x81\x85")  # as long as the command that opens a window
    radio._command_us = ticks_diff(ticks_us(), begun)
    noise = int.from_bytes(os.urandom(4), "big")
    for at in range(32):
        sleep_ms(1)
        noise ^= (radio._register(0x2C) & 1) << at
    random.seed(noise)
    radio._send(b"\x81\x81")
