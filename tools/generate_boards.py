"""The page of the board files: what each product is, and how far it was tried."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.bench.world import wiring
from tools.bench.world.simulation import FIRMWARE

EMULATED, CALCULATED = "emulated", "calculated"


def tried(constants: Mapping[str, Any]) -> str:
    """How far a board was tried: "emulated" or "calculated".

    constants: the literals of its file.
    """
    known = constants["MCU"] in FIRMWARE and wiring.radio(constants)
    return EMULATED if known else CALCULATED


def page(files: Mapping[Path, Mapping[str, Any]]) -> str:
    """The text of boards/README.md. files: the literals by their file."""
    lines = [
        "# Boards",
        "",
        "Made by `python -m tools.generate` from the files here; never edited.",
        "",
        "*emulated*: a node on it joins and reports on the bench, over the model of its radio",
        "(`tools/tests/test_boards_emulated.py`). *calculated*: its pins keep the rules of its",
        "chip, and nothing ran. *measured* would be a physical board: none was touched.",
        "",
        "| board | product | MCU | radio | tried | wiring |",
        "|---|---|---|---|---|---|",
    ]
    for path, constants in files.items():
        name = constants["NAME"]
        words = ast.get_docstring(ast.parse(path.read_text())) or ""
        product = words.split(". ")[0]
        lines.append(
            f"| [`{name}`]({path.name}) | {product} | {constants['MCU']} | `{constants['RADIO']}` "
            f"| {tried(constants)} | [picture]({name}.svg) |"
        )
    return "\n".join([*lines, ""])
