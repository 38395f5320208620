"""From /cellular.json and the board file to a modem. Unloaded afterwards."""

import json

from machine import UART, Pin
from micropython import const

from node import part
from node.errors import ConfigError

_BUFFER = const(2048)  # bytes: 180 ms of the line while other code holds the CPU


def settings(node):
    """/cellular.json, and `ca`: the bytes of /ca.pem. Raises ConfigError."""
    folder = node.config.path.rsplit("/", 1)[0]
    try:
        with open(folder + "/cellular.json") as file:
            settings = json.load(file)
        with open(folder + "/ca.pem", "rb") as file:
            settings["ca"] = file.read()
    except (OSError, ValueError) as error:
        raise ConfigError("no usable /cellular.json and /ca.pem (%s); copy them here" % error)
    for name in ("apn", "broker", "token"):
        if not isinstance(settings.get(name), str) or '"' in settings[name]:
            raise ConfigError("/cellular.json: %s must be a text without quotes" % name)
    settings["dev_eui"] = node.config["dev_eui"]
    return settings


def modem(node, pause, settings):
    """The modem that CELLULAR of the board names. Raises ConfigError."""
    try:
        wires = node.board.CELLULAR
        uart = UART(
            wires["uart"], baudrate=115200, tx=Pin(wires["tx"]), rx=Pin(wires["rx"]),
            rxbuf=_BUFFER,
        )  # fmt: skip
        key = Pin(wires["key"], Pin.OUT, value=0)
        chip = wires["chip"]
    except (AttributeError, KeyError, ValueError) as error:
        raise ConfigError("/board.py: CELLULAR needs chip, uart, tx, rx and key (%s)" % error)
    return part("modem", "node.modems", chip).Modem(uart, key, pause, settings)
