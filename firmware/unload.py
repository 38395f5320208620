"""Free the heap of a module that is needed only now and then.

A module imported from the file system keeps its bytecode, its names and its constants in the heap
for as long as `sys.modules` holds it. An RP2040 running MicroPython has about 190 kB of heap.
"""

import sys


def unload(name: str) -> None:
    """Forget a module; nothing happens when it is not loaded, or is frozen.

    name: in full, like `node.shell`. Whoever still holds the module, a function or a class of it
    keeps it alive: drop those names first. A module that is frozen into MicroPython's own binary
    runs from flash and occupies only its names in the heap, so it stays.
    """
    module = sys.modules.get(name)
    if module is None or frozen(module, name):
        return
    del sys.modules[name]
    package, _, last = name.rpartition(".")
    if package:
        delattr(sys.modules[package], last)


def frozen(module, name: str) -> bool:
    """Is the module part of MicroPython's binary? Its `__file__` is then a path without a root.

    Source: MicroPython 1.25, py/builtinimport.c: `__file__` of a frozen module is the path it was
    frozen under, as `asyncio/core.py`; of any other the path it was found at, as
    `/lib/node/shell.mpy`.
    """
    path = name.replace(".", "/")
    return getattr(module, "__file__", "") in (path + ".py", path + "/__init__.py")
