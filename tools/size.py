"""How much bytecode a node of one profile can load on a board, and how much of it is the console.

The console's code is loaded for a line that a person types and unloaded after it, so it has a
budget of its own: of its commands one is loaded at a time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from wire.all_profiles import PROFILES

from tools.reach import SHELL, THIN, imports, loadable, regions

CONSOLE = (
    "node/shell", "node/terminal", "node/answer", "node/links/lorawan_console",
    "node/bin_commands", "node/parking_commands", "node/lamp_console",
)  # fmt: skip
"""Where the console's code begins: what these alone load is of the console too."""
BUDGET = {
    "rp2": {"mpy_bytes": 65536, "console_bytes": 8000},
    "esp32": {"mpy_bytes": 70000, "console_bytes": 8000},
}
"""By PORT of the board file, most bytes of .mpy of any one profile."""
RADIO_BUDGET = {
    ("rp2", "sx126x_rxen"): {"mpy_bytes": 66000},
    ("esp32", "sx126x"): {"mpy_bytes": 71200},
    ("esp32", "wio_sx1262"): {"mpy_bytes": 71200},
}
"""(PORT, RADIO) -> what differs, where a driver is larger than BUDGET has room for."""
IN_BUDGET = (
    "build: the lists are current, every board is in budget as what its file has the sensors for."
)
_ROW = "{:20} {:10} {:>8} {:>8} {:>8} {:>8} {:>8}"


@dataclass(frozen=True)
class Size:
    """Bytes of .mpy. node: without the console.  console: the most of it that is loaded at once.

    install: node and console, with every command.
    """

    board: str
    profile: str
    node: int
    console: int
    install: int


def of_board(
    board: str,
    constants: Mapping[str, Any],
    modules: Mapping[str, Path],
    files: Mapping[str, bytes],
) -> list[Size]:
    """The size of each profile, in its largest region.

    modules, constants: as for `tools.reach.loadable`.  files: staged, {absolute path: contents}.
    """

    def size(profile: str, region: str) -> Size:
        def count(without: Collection[str]) -> int:
            found = loadable(modules, constants, profile, region, without)
            return sum(len(files[f"/lib/{module}.mpy"]) for module in found)

        node = count((*CONSOLE, THIN))
        most = max((count({*one, THIN}) for one in _others(modules)), default=node)
        return Size(board, profile, node, most - node, count(()))

    return [
        max((size(profile, region) for region in regions(modules)), key=lambda one: one.node)
        for profile in PROFILES
    ]


def _others(modules: Mapping[str, Path]) -> list[set[str]]:
    """For each command of the console, those that are not loaded with it."""
    commands = {name for name in modules if name.startswith(f"{SHELL}/")} - {f"{SHELL}/__init__"}
    return [commands - {one} - imports(modules[one].read_text()) for one in sorted(commands)]


def budget(constants: Mapping[str, Any]) -> Mapping[str, int]:
    """Most bytes of .mpy of a node, and of its console.

    constants: of the board file.
    """
    port, radio = constants["PORT"], constants["RADIO"]
    return BUDGET[port] | RADIO_BUDGET.get((port, radio), {})


def lacking(constants: Mapping[str, Any], profile: str) -> list[str]:
    """The sensors that a profile needs and the board file lacks: it cannot be installed there."""
    needed = cast("tuple[str, ...]", PROFILES[profile]["roles"])
    return [role for role in needed if role not in constants["SENSORS"]]


def complaints(size: Size, budget: Mapping[str, int]) -> list[str]:
    """A sentence for each part above its budget; without one all fits."""
    parts = (
        ("mpy_bytes", size.node, "without the console"),
        ("console_bytes", size.console, "of the console at once"),
    )
    return [
        f"{size.board} as {size.profile}: {found} bytes of .mpy {what}, {found - budget[key]} "
        f"over {key} of its port in BUDGET of tools/size.py."
        for key, found, what in parts
        if found > budget.get(key, found)
    ]


def table(sizes: list[Size], boards: Mapping[str, Mapping[str, Any]]) -> str:
    """The sizes as lines for people; `over`: above a budget.  boards: their constants."""
    lines = [_ROW.format("bytes of .mpy", "profile", "node", "of", "console", "of", "together")]
    for one in sizes:
        most = budget(boards[one.board])
        line = _ROW.format(
            one.board, one.profile, one.node, most["mpy_bytes"], one.console,
            most["console_bytes"], one.install,
        )  # fmt: skip
        lines.append(f"{line}  over" if complaints(one, most) else line)
    return "\n".join(lines)
