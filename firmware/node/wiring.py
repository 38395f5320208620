"""From `/board.py`'s literals to objects: sensors on their buses, with clear sentences."""

from machine import I2C, UART, Pin

from node.errors import ConfigError

_UART_BUFFER = 128
_I2C_TIMEOUT_US = 20000


def check(board) -> None:
    """Raises ConfigError when two things claim one pin."""
    owners = {}
    claims = [(name, pin) for name, pin in board.PINS.items()]
    for sensor, wires in board.SENSORS.items():
        bus = "i2c" if "i2c" in wires else sensor
        claims += [("%s.%s" % (bus, wire), pin) for wire, pin in wires.items() if wire in _WIRES]
    for name, pin in claims:
        if owners.setdefault(pin, name) != name:
            raise ConfigError(
                "/board.py: GP%d is both %s and %s; give one of them another pin"
                % (pin, owners[pin], name)
            )


_WIRES = ("tx", "rx", "sda", "scl", "pin")


def sensor(board, name: str, profile: str):
    """The sensor's driver on its bus. Raises ConfigError."""
    if name not in board.SENSORS:
        raise ConfigError(
            "profile %s needs the sensor %s: add it to SENSORS of /board.py" % (profile, name)
        )
    try:
        module = __import__("node.sensors." + name, None, None, ("*",))
    except ImportError:
        raise ConfigError("sensor %s is unknown: there is no node/sensors/%s" % (name, name))
    wires = board.SENSORS[name]
    options = {wire: value for wire, value in wires.items() if wire not in _WIRES}
    try:
        bus = _bus(module, wires)
    except (KeyError, ValueError) as error:
        raise ConfigError("/board.py: sensor %s: %s; check its pins" % (name, error))
    return getattr(module, name.upper())(bus, **options)


def _bus(module, wires):
    if module.BUS == "uart":
        return UART(
            wires["uart"], baudrate=module.BAUD, tx=Pin(wires["tx"]), rx=Pin(wires["rx"]),
            rxbuf=_UART_BUFFER,
        )  # fmt: skip
    if module.BUS == "i2c":
        return I2C(
            wires["i2c"], sda=Pin(wires["sda"]), scl=Pin(wires["scl"]), freq=100000,
            timeout=_I2C_TIMEOUT_US,
        )  # fmt: skip
    return Pin(wires["pin"], Pin.IN)


def radio(board, clock):
    """The radio that the board names. Raises ConfigError or RadioError."""
    try:
        module = __import__("radios." + board.RADIO, None, None, ("*",))
    except ImportError:
        raise ConfigError(
            "radio %s is unknown: there is no radios/%s" % (board.RADIO, board.RADIO)
        )
    return module.from_board(board, clock)
