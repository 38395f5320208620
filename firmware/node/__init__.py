"""The device application. `app` starts it."""

import sys


def unload(name: str, package: str = "node") -> None:
    """Forget a module that is needed once in a while: on a board its bytecode is heap."""
    if sys.modules.pop(package + "." + name, None):
        delattr(sys.modules[package], name)
