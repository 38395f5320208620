"""Radios by name. Each has the five calls: transmit, receive, listen, sleep, random."""

import sys


def unload(name: str) -> None:
    """Forget a module that is needed once in a while: on a board its bytecode is heap."""
    if sys.modules.pop("radios." + name, None):
        delattr(sys.modules["radios"], name)
