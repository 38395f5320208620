"""Which modules a board can load, by its board file, profile and region.

Imports are followed as they stand in the source; those by name (a profile, its drivers, link,
radio, region with its channel plan, port) start from the board, and the console's commands from
its shell.
"""

import ast
import runpy
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from wire.all_profiles import PROFILES


@cache
def imports(source: str) -> frozenset[str]:
    """Every module that a source may import, as `node/log`: also names that are no modules.

    Kept: each source is asked for once for each command, profile, region and board.
    """
    found: set[str] = set()
    for item in ast.walk(ast.parse(source)):
        if isinstance(item, ast.Import):
            found |= {alias.name for alias in item.names}
        elif isinstance(item, ast.ImportFrom) and item.module:
            found |= {item.module} | {f"{item.module}.{alias.name}" for alias in item.names}
    return frozenset(name.replace(".", "/") for name in found)


def regions(modules: Mapping[str, Path]) -> list[str]:
    """The names of the regions' files."""
    folder = "lorawan/region/"
    names = (name.removeprefix(folder) for name in modules if name.startswith(folder))
    return [name for name in names if name != "__init__"]


SHELL = "node/shell"
"""Its files are the console's commands."""
SLEEPS = {"A": "node/deep", "C": "node/nap"}
"""What only a profile of that class loads."""
THIN = "node/thin"
"""What a board that sleeps deep loads in a start of its own."""


JUDGED = {
    "temperature": ("node/fire",), "tilt": ("node/tilt",),
    "meter": ("node/metering",),
}  # fmt: skip
"""What is loaded with a sensor of a role."""
PINNED = {"wake": "node/touch", "divider": "node/divider"}
"""What is loaded for a pin of PINS."""
KINDS = {"shape": ("node/kinds/shape",), "programme": ("node/kinds/programme",)}
"""What is loaded for a setting of a kind."""


def loadable(
    modules: Mapping[str, Path],
    constants: Mapping[str, Any],
    profile: str,
    region: str,
    without: Collection[str] = (),
) -> set[str]:
    """Modules, as keys of `modules`, that a node of one profile can load on this board.

    modules: {path on the device under /lib, without suffix: source}.  constants: of the board
    file.  without: modules that do not count, nor what they alone load.
    """
    facts = PROFILES[profile]
    own = "" if "pace" in facts else SLEEPS[cast("str", facts["class"])]
    left_out = {*without, *SLEEPS.values()} - {own}
    region_file = f"lorawan/region/{region}"
    plan = runpy.run_path(str(modules[region_file]))["PLAN"]
    waiting = {"node/app", f"node/profiles/{profile}"}
    waiting |= {f"wire/profiles/{profile}", f"wire/readings/{facts['payload']}"}
    waiting |= {f"node/ports/{constants['PORT']}", f"node/links/{_link(constants)}"}
    if _link(constants) == "lorawan":
        waiting |= {region_file, f"lorawan/plan/{plan}", f"lorawan/plan/{plan}_setup"}
        waiting.add(f"radios/{constants['RADIO']}")
        if own == SLEEPS["A"] and constants["PORT"] == "esp32":
            waiting.add(THIN)
    waiting |= _fitted(constants, profile)
    settings = cast("dict[str, tuple[Any, Any, str]]", PROFILES[profile]["settings"])
    kinds = (kind for _, _, kind in settings.values())
    waiting |= {module for kind in kinds for module in KINDS.get(kind, ())}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        file = name if name in modules else f"{name}/__init__"
        if file in modules and file not in found and name not in left_out:
            found.add(file)
            waiting |= imports(modules[file].read_text())
            waiting |= {str(parent) for parent in Path(name).parents}
            if name == SHELL:
                waiting |= {command for command in modules if command.startswith(f"{SHELL}/")}
    return found


def _link(constants: Mapping[str, Any]) -> str:
    """The link that the board file names."""
    return constants.get("LINK", "lorawan")


def _fitted(constants: Mapping[str, Any], profile: str) -> set[str]:
    """What is loaded for the sensors, the modem and the pins of the board file."""
    sensors = constants["SENSORS"]
    fitted = [
        role
        for kind in ("roles", "optional")
        for role in cast("tuple[str, ...]", PROFILES[profile][kind])
        if role in sensors
    ]
    found = {f"node/sensors/{sensors[role]['chip']}" for role in fitted}
    if "CELLULAR" in constants:
        found.add(f"node/modems/{constants['CELLULAR']['chip']}")
    found |= {of_role for role in fitted for of_role in JUDGED.get(role, ())}
    return found | {module for pin, module in PINNED.items() if pin in constants["PINS"]}
