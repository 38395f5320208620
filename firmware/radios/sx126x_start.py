"""The start of an SX126x: wires, reset, constant settings, random seed. Unloaded afterwards.

Source: SX1261/2 datasheet rev 2.1; chapters are named at the numbers.
"""

import os
import random
from time import sleep_ms, ticks_diff, ticks_us

from micropython import const

from radios.errors import RadioError

_STANDBY_RC = b"\x80\x00"
_GET_ERRORS = b"\x17\x00\x00\x00"
_R_IQ = const(0x0736)  # 15.4
_R_SYNC = const(0x0740)
_R_RANDOM = const(0x0819)
_R_TX_MODULATION = const(0x0889)  # 15.1
_R_TX_CLAMP = const(0x08D8)  # 15.2, of the SX1262 alone
_TCXO_MV = (1600, 1700, 1800, 2200, 2400, 2700, 3000, 3300)  # 13.3.6
_PINS = ("sck", "mosi", "miso", "nss", "busy", "reset", "dio1")
_TCXO_START = b"\x00\x01\x40"  # 5 ms in steps of 15.625 us
_START = (
    b"\x96\x01",  # DC-DC regulator
    b"\x8a\x01",  # LoRa; before modulation and packet parameters
    b"\x93\x20",  # fall back to STDBY_RC
    b"\x8f\x00\x00",  # both buffers from 0
    b"\x0d\x07\x40\x34\x44",  # sync word of public networks
    b"\x0d\x08\xac\x96",  # boosted receiver (9.6) ...
    b"\x0d\x02\x9f\x01\x08\xac",  # ... also after warm sleep
)


def wires(board) -> tuple:
    """(SPI, NSS, BUSY, DIO1, reset) as PINS of `board` has them. Raises RadioError."""
    from machine import SPI, Pin

    pins = board.PINS
    missing = [name for name in ("RADIO_SPI", "TCXO_MV", "RF_SWITCH") if not hasattr(board, name)]
    missing += ["%s in PINS" % name for name in _PINS if name not in pins]
    if missing:
        raise RadioError("/board.py: radio sx126x needs " + ", ".join(missing))
    _one_of("TCXO_MV", board.TCXO_MV, (0,) + _TCXO_MV)
    _one_of("RF_SWITCH", board.RF_SWITCH, ("dio2", "none"))
    sck, mosi, miso, _, busy, _, dio1 = [Pin(pins[name], Pin.IN) for name in _PINS]
    try:
        spi = SPI(board.RADIO_SPI, baudrate=8000000, sck=sck, mosi=mosi, miso=miso)
    except (TypeError, ValueError) as error:
        raise RadioError("/board.py: radio sx126x: %s; check RADIO_SPI, sck, mosi, miso" % error)
    nss = Pin(pins["nss"], Pin.OUT, value=1)
    reset = Pin(pins["reset"], Pin.OUT, value=1)
    return spi, nss, busy, dio1, reset


def _one_of(name, value, known):
    if value not in known:
        raise RadioError("/board.py: %s: %s is none of %s" % (name, value, known))


def start(radio, reset, tcxo_mv: int, dio2_switch: bool) -> None:
    """Reset and set up, left in standby. Raises RadioError when no SX126x answers."""
    reset(0)
    sleep_ms(2)
    reset(1)
    sleep_ms(5)
    radio._send(_STANDBY_RC)
    if tcxo_mv:
        radio._send(bytes((0x97, _TCXO_MV.index(tcxo_mv))) + _TCXO_START)
        radio._send(b"\x07\x00\x00")  # XOSC_START_ERR is expected before (13.3.6)
    radio._send(b"\x89\x7f")  # calibrate all
    if dio2_switch:
        radio._send(b"\x9d\x01")
    for command in _START:
        radio._send(command)
    if not radio.amplifier[4]:
        radio._set_register(_R_TX_CLAMP, radio._register(_R_TX_CLAMP) | 0x1E)
    radio._set_register(_R_TX_MODULATION, radio._register(_R_TX_MODULATION) | 4)
    errors = radio._ask(_GET_ERRORS)[3] & 0x7F
    if errors or radio._register(_R_SYNC) != 0x34:
        what = "sx126x: answers wrongly (errors %02x); check SPI pins and TCXO_MV of /board.py"
        raise RadioError(what % errors)
    radio._iq = radio._register(_R_IQ)
    # the receiver's noise seeds `random` (12.1, RandomNumberGen)
    radio._tune(868100000, 7, 125000)
    radio._packet(255, 0, 1)
    begun = ticks_us()
    radio._send(b"\x82\xff\xff\xff")  # the command that opens a window, too
    radio._command_us = ticks_diff(ticks_us(), begun)
    sleep_ms(2)
    noise = int.from_bytes(os.urandom(4), "big")
    for at in range(4):
        noise ^= radio._register(_R_RANDOM + at) << 8 * at
    random.seed(noise)
    radio._send(_STANDBY_RC)
