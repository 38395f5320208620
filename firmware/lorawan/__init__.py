"""A LoRaWAN 1.0.4 device, class A and C. It knows no radio, no clock and no flash."""

import sys

const = int
"""MicroPython's compiler puts the number of `_NAME = const(n)` in place of the name."""


def unload(name: str) -> None:
    """Forget a module that is needed once in a while: on a board its bytecode is heap."""
    if sys.modules.pop("lorawan." + name, None):
        delattr(sys.modules["lorawan"], name)
