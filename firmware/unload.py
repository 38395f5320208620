"""Free the heap of a module that is needed only now and then.

A module imported from the file system keeps its bytecode, its names and its constants in the heap
for as long as `sys.modules` holds it. A Pico with MicroPython 1.25 has a heap of 246 kB; a joined
lamp lives in 80 kB of it. The 24 modules that it does not need all the time take 44.4 kB when all
are loaded, of which `unload` gives 41.2 kB back: the rest are interned names, which
MicroPython never frees. Measured by `tools/tests/test_unload_heap.py`.
"""

import sys


def unload(name: str) -> None:
    """Forget a module; nothing happens when it is not loaded, or is frozen.

    Its memory is free after the next collection, which takes 17 ms: only the caller knows whether
    a receive window is near.
    name: in full, like `node.shell`. A name that still refers to the module, or to a function or
    class of it, keeps it alive: delete those first. A module that is frozen into MicroPython's
    binary runs from flash and occupies only its names in the heap, so it stays; its `__file__` is
    the path it was frozen under, as `node/shell.py`, while another has the path it was found at,
    as `/lib/node/shell.mpy`. Source: MicroPython 1.25, py/builtinimport.c.
    """
    module = sys.modules.get(name)
    path = name.replace(".", "/")
    if module is None or getattr(module, "__file__", "") == path + ".py":
        return
    del sys.modules[name]
    package, _, last = name.rpartition(".")
    if package:
        delattr(sys.modules[package], last)
