"""The start of a modem of the package `lora`: wires, what is mended in it, how long a call takes.

The package inverts bit 2 of 0x0736 (it is clear for inverted IQ: SX1261/2 datasheet rev 2.1, 15.4)
and leaves the intermediate frequency of an SX127x as errata 2.3 forbids; both are put right,
whether or not the package does that itself some day.
"""

from time import ticks_diff, ticks_us

from micropython import const

from radios.errors import RadioError

_SX127X = ("SX1276", "SX1277", "SX1278", "SX1279")
_SX126X = ("SX1261", "SX1262")
_INSIDE = "WL55SubGhzModem"  # its SPI and pins are inside of the chip
_MOST_DBM = const(22)
_MOST_127X_DBM = const(17)
_TCXO_START_US = const(5000)
_TRIES = const(3)
_IQ = "_invert_workaround"  # names of the package, by text: the build shortens those of ours
_OF_SX127X = "_set_invert_iq2"
_READ = "_reg_read"
_WRITE = "_reg_write"


class Quiet:
    """A pin as the package gets it, which would take its interrupt: that is ours."""

    def init(self, *_, **__):
        """It is an input already."""

    def irq(self, *_, **__):
        """Not the package's."""


def wires(board) -> "tuple[object, tuple, int]":
    """(make, interrupts, most dBm) of radios.modem.Modem. Raises RadioError."""
    kind = getattr(board, "MODEM", None)
    if kind not in _SX126X + _SX127X + (_INSIDE,):
        known = ", ".join(_SX126X + _SX127X + (_INSIDE,))
        raise RadioError("/board.py: MODEM: %s is none of %s" % (kind, known))
    made = _class(kind)
    tcxo_mv = getattr(board, "TCXO_MV", 0) or None
    if kind == _INSIDE:
        return lambda: made(tcxo_millivolts=tcxo_mv), (), _MOST_DBM
    dios = ("dio1",) if kind in _SX126X else ("dio0", "dio1")
    spi, pins = _bus(board, kind, dios)
    options: dict[str, object] = {name: Quiet() for name in dios}
    options["reset"] = pins["reset"]
    most_dbm = _MOST_127X_DBM
    if kind in _SX126X:
        most_dbm = _MOST_DBM
        options["busy"] = pins["busy"]
        options["dio2_rf_sw"] = getattr(board, "RF_SWITCH", "dio2") == "dio2"
        options["dio3_tcxo_millivolts"] = tcxo_mv
        options["dio3_tcxo_start_time_us"] = _TCXO_START_US
    interrupts = tuple([pins[name] for name in dios])
    return lambda: made(spi, pins["nss"], **options), interrupts, most_dbm


def _bus(board, kind, dios):
    """(SPI, {name: pin}). Raises RadioError."""
    from machine import SPI, Pin

    names = ("sck", "mosi", "miso", "nss", "reset") + dios
    if kind in _SX126X:
        names += ("busy",)
    missing = [] if hasattr(board, "RADIO_SPI") else ["RADIO_SPI"]
    missing += ["%s in PINS" % name for name in names if name not in board.PINS]
    if missing:
        raise RadioError("/board.py: radio modem with %s needs %s" % (kind, ", ".join(missing)))
    pins = {name: Pin(board.PINS[name], Pin.IN) for name in names}
    sck, mosi, miso = [pins[name] for name in names[:3]]
    try:
        return SPI(board.RADIO_SPI, baudrate=8000000, sck=sck, mosi=mosi, miso=miso), pins
    except (TypeError, ValueError) as error:
        raise RadioError("/board.py: radio modem: %s; check RADIO_SPI, sck, mosi, miso" % error)


def _class(kind):
    """The package's class. Raises RadioError with what to install."""
    try:
        import lora  # pyright: ignore[reportMissingImports] - micropython-lib's
    except ImportError as error:
        raise RadioError("radio modem: %s; install firmware/package-modem.json" % error)
    if not hasattr(lora, kind):
        raise RadioError("radio modem: the package lora has no %s; install its package" % kind)
    return getattr(lora, kind)


def mend(modem) -> None:
    """Put right what the package has wrong, see above."""
    if hasattr(modem, _IQ):
        setattr(modem, _IQ, lambda inverted: _set_iq(modem, inverted))
    elif hasattr(modem, _OF_SX127X):
        getattr(modem, _WRITE)(0x2F, b"\x40\x00")


def _set_iq(modem, inverted):
    old = getattr(modem, _READ)(0x0736)
    getattr(modem, _WRITE)(0x0736, old & 0xFB if inverted else old | 4)


def command_us(modem) -> int:
    """How long the call that opens a window takes: the least of some, us."""
    least_us = 1 << 29
    for _ in range(_TRIES):
        begun = ticks_us()
        modem.start_recv(1000)
        least_us = min(least_us, ticks_diff(ticks_us(), begun))
        modem.standby()
    return least_us
