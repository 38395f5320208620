"""firmware/package-modem.json: firmware/package.json, and what RADIO = "modem" needs beside it.

The package `lora` of micropython-lib comes by name from mip's own index; the driver of the chip,
`lora-sx126x` or `lora-sx127x`, is installed after it, since with both the board would load both.
"""

from collections.abc import Mapping

MODULES = ("radios/modem", "radios/modem_start")
DEPENDENCIES = ("lora-sync",)
"""Which itself wants `lora`."""
BUDGET_BYTES = 4200
"""Of .mpy; the package adds 9.8 kB with an SX126x and 8.5 kB with an SX127x (lora 0.2)."""


def complaint(files: Mapping[str, bytes]) -> str:
    """The sentence about too much bytecode; empty within the budget.

    files: staged, {absolute path: contents}.
    """
    size = sum(len(files[f"/lib/{module}.mpy"]) for module in MODULES)
    if size <= BUDGET_BYTES:
        return ""
    over = size - BUDGET_BYTES
    return f"package-modem.json: {size} bytes of .mpy, {over} over its budget."
