"""From `/board.py`'s literals to objects: the radio, and sensors by role on their buses."""

from time import sleep_us

from machine import ADC, I2C, SPI, UART, Pin
from micropython import const

from node import part
from node.errors import ConfigError

_UART_BUFFER = const(160)  # the esp32 port asks for more than the 128 bytes of its FIFO
_I2C_HZ = const(100000)
_I2C_TIMEOUT_US = const(20000)
_I2C_CLOCKS = const(9)
_WIRES = {
    "uart": ("tx", "rx"),
    "i2c": ("sda", "scl"),
    "spi": ("sck", "mosi", "miso", "cs"),
    "adc": ("adc",),
    "pin": ("pin",),
}
"""bus -> the wires of a sensor on it. The value of "uart", "i2c", "spi" is the controller."""
_ALSO = ("power", "pin_b")
"""Wires that a sensor on any bus may have besides: the switch of its supply, a second output."""
_GPIOS = {"RP2040": 30, "ESP32": 40}
_CHIP_ROLES = {"a02yyuw": "distance", "bh1750": "light", "am312": "motion"}
"""What SENSORS of a board file for firmware 0.1.0 could name: chips instead of roles."""


def wrong(text: str) -> ConfigError:
    """What is wrong in the board file."""
    return ConfigError("/board.py: " + text)


def sensors(board) -> dict:
    """{role: {"chip": name, wires and options}} of SENSORS. Raises ConfigError.

    {chip: wires}, as in a board file for firmware 0.1.0, is read as the role that the chip had.
    """
    found = {}
    for name, wires in board.SENSORS.items():
        if not isinstance(wires, dict):
            raise wrong("%s in SENSORS is no dict" % name)
        if "chip" not in wires:
            wires = dict(wires, chip=name)
            name = _CHIP_ROLES.get(name, name)
        found[name] = wires
    return found


def pins(role: str, wires: dict) -> str:
    """The GPIOs of a sensor, for the person who checks its cable. Raises ConfigError."""
    return ", ".join(
        [
            "%s GP%s" % (wire, wires[wire])
            for wire in _WIRES[_bus_of(role, wires)] + _ALSO
            if wire in wires
        ]
    )


def literals(board) -> None:
    """Raises ConfigError for a literal or a pin that the node takes before it has a console."""
    for name in ("NAME", "MCU", "RADIO", "PINS", "SENSORS", "BATTERY"):
        if not hasattr(board, name):
            raise wrong("%s is missing; boards/ has examples" % name)
    if not isinstance(board.PINS, dict) or not isinstance(board.SENSORS, dict):
        raise wrong("PINS and SENSORS must be dicts")
    for name, gpio in board.PINS.items():
        _exists(board, name, gpio)


def _exists(board, owner, gpio):
    if isinstance(gpio, str) and gpio[:2] == "GP":
        raise wrong("%s: write the number alone, without GP" % owner)
    if not isinstance(gpio, int) or not 0 <= gpio < _GPIOS.get(board.MCU, 64):
        raise wrong("%s: there is no GP%s" % (owner, gpio))


def check(board) -> None:
    """Raises ConfigError for a wire that is missing, and for a GPIO with two owners or none.

    What a controller can reach is checked by the port when the bus is built, and by
    `tools.build --check` for the files in boards/.
    """
    for name in ("BUDGET", "FLASH", "NOTES", "SOURCE"):  # of no use here, 400 bytes of heap
        if hasattr(board, name):
            delattr(board, name)
    owners = {}
    for owner, gpio in _claims(board):
        _exists(board, owner, gpio)
        if owners.setdefault(gpio, owner) != owner:
            raise wrong(
                "GP%d is both %s and %s; give one of them another pin"
                % (gpio, owners[gpio], owner)
            )


def _claims(board):
    """[(owner, GPIO)]: the lines of a bus are shared, all else has one owner."""
    claims = list(board.PINS.items())
    for role, wires in sensors(board).items():
        bus = _bus_of(role, wires)
        for wire in _WIRES[bus] + _ALSO:
            if wire not in wires:
                continue
            owner = (role, wires["chip"], wire)
            if bus in ("i2c", "spi") and wire not in _ALSO + ("cs",):
                owner = (bus, wires[bus], wire)
            claims.append(("%s.%s.%s" % owner, wires[wire]))
    return claims


def _bus_of(role, wires):
    """The bus that an entry of SENSORS names, with all of its wires."""
    missing = ["a bus"]
    for bus, needed in _WIRES.items():
        if bus in wires:
            missing = [wire for wire in needed if wire not in wires]
            if not missing:
                return bus
    raise wrong("%s.%s needs %s in SENSORS" % (role, wires["chip"], ", ".join(missing)))


def sensor(board, role: str, profile: str, on_rising):
    """The driver of a role on its bus. Raises ConfigError.

    on_rising(pin, handler): of the port, for sensors on a pin.
    """
    wires = sensors(board).get(role)
    if wires is None:
        raise ConfigError(
            "profile %s needs a %s sensor: add %s to SENSORS of /board.py" % (profile, role, role)
        )
    chip = wires["chip"]
    module = part(role + " sensor", "node.sensors", chip)
    kind = module.BUS
    if _bus_of(role, wires) != kind:
        raise wrong("%s.%s must be wired to %s" % (role, chip, kind))
    known = ("chip", kind) + _WIRES[kind]
    options = {option: value for option, value in wires.items() if option not in known}
    options["on_rising"] = on_rising
    try:
        if "power" in wires:
            options["power"] = Pin(wires["power"], Pin.OUT, value=1)
        if "pin_b" in wires:
            options["pin_b"] = Pin(wires["pin_b"], Pin.IN)
        if kind == "spi":
            options["cs"] = Pin(wires["cs"], Pin.OUT, value=1)
        bus = _bus(module, wires)
    except ValueError as error:
        raise wrong("%s.%s: %s; check its pins: %s" % (role, chip, error, pins(role, wires)))
    return getattr(module, chip.upper())(bus, **options)


def again(node, role: str) -> tuple:
    """(role, chip, pins) of a sensor that does not answer, for a person; wires it again.

    Its bus may hang, and it may have lost its settings.
    """
    board = node.board
    wires = board.SENSORS[role]
    if not hasattr(node.sensors[role], "moved"):  # else a task waits for that of this driver
        node.sensors[role] = sensor(board, role, node.profile.name, node.power.on_rising)
    return role, wires["chip"], pins(role, wires)


def _bus(module, wires):
    """The bus object as the driver takes it. ValueError: the port cannot route it there."""
    kind = module.BUS
    if kind == "uart":
        return UART(
            wires["uart"], baudrate=module.BAUD, tx=Pin(wires["tx"]), rx=Pin(wires["rx"]),
            rxbuf=_UART_BUFFER,
        )  # fmt: skip
    if kind == "i2c":
        sda, scl = wires["sda"], wires["scl"]
        _clear(sda, scl)
        return I2C(wires["i2c"], sda=Pin(sda), scl=Pin(scl), freq=_I2C_HZ, timeout=_I2C_TIMEOUT_US)
    if kind == "spi":
        return SPI(
            wires["spi"], baudrate=module.BAUD, sck=Pin(wires["sck"]), mosi=Pin(wires["mosi"]),
            miso=Pin(wires["miso"]),
        )  # fmt: skip
    pin = Pin(wires[kind], Pin.IN)
    return ADC(pin) if kind == "adc" else pin


def _clear(sda, scl):
    """Clock a device that holds SDA low, as after a restart during a transfer, until it lets go.

    Source: NXP UM10204, 3.1.16, bus clear.
    """
    data = Pin(sda, Pin.IN, Pin.PULL_UP)
    clock = Pin(scl, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
    for _ in range(_I2C_CLOCKS):
        if data.value():
            break
        for level in (0, 1):
            clock.value(level)
            sleep_us(5)


def radio(board, clock):
    """The radio that the board names. Raises ConfigError or RadioError."""
    return part("radio", "radios", board.RADIO).from_board(board, clock)
