"""What is soldered to a board: the literals of its file in `boards/`, as parts of the world."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.bench.world.errors import BoardError
from tools.setup import paths

BOARDS = paths.ROOT / "boards"
PARTS = paths.SIM / "parts"
RADIOS = {
    "sx126x": "sx1262", "wio_sx1262": "sx1262", "sx126x_rxen": "sx1262", "sx1276": "sx1276",
}  # fmt: skip
"""RADIO of a board file -> the chip."""
RADIO_PINS = ("nss", "busy", "reset", "dio0", "dio1", "antenna", "rxen", "txen")
"""Those of PINS that are the radio's, or its antenna switch's."""
RADIO_LITERALS = {"tcxo_mv": "TCXO_MV", "rf_switch": "RF_SWITCH"}


def wiring(name: str) -> dict[str, Any]:
    """The literals of `boards/<name>.py`."""
    path = BOARDS / f"{name}.py"
    if not path.exists():
        known = ", ".join(sorted(one.stem for one in BOARDS.glob("*.py")))
        raise BoardError(
            f"there is no board {name}: choose one of {known}, or add boards/{name}.py"
        )
    return {key: value for key, value in runpy.run_path(str(path)).items() if key.isupper()}


def radio(constants: Mapping[str, Any]) -> str:
    """The chip that is the radio of a board; empty where the bench has no model of it.

    constants: the literals of its file.
    """
    return RADIOS.get(constants.get("RADIO", ""), "")


def fitted(
    pins: dict[str, Any],
    options: Mapping[str, dict[str, Any] | None],
    own_parts: Path | None = None,
) -> list[dict[str, Any]]:
    """Parts of a board, [{chip, module, wiring, options}], without those whose options are None.

    own_parts: a folder whose models come before those of the bench.
    """
    gpio = pins["PINS"]
    parts: dict[str, dict[str, Any]] = {}
    if chip := radio(pins):
        parts[chip] = {key: gpio[key] for key in RADIO_PINS if key in gpio}
        parts[chip]["spi"] = pins["RADIO_SPI"]
        parts[chip] |= {key: pins[name] for key, name in RADIO_LITERALS.items() if name in pins}
    if "lamp" in gpio:
        parts["lamp"] = {"pin": gpio["lamp"]}
    if "wake" in gpio:
        parts["reed"] = {"pin": gpio["wake"]}
    parts |= {wires["chip"]: wires for wires in pins.get("SENSORS", {}).values()}
    for chip in options:
        if chip not in parts:
            raise BoardError(f"the board has no part {chip}: it has {', '.join(parts)}")
    return [
        {
            "chip": chip,
            "module": _module(chip, own_parts),
            "wiring": wires,
            "options": options.get(chip) or {},
        }
        for chip, wires in parts.items()
        if options.get(chip, {}) is not None
    ]


def _module(chip: str, own_parts: Path | None) -> str:
    """What `main.mjs` imports the model from."""
    own = own_parts / f"{chip}.mjs" if own_parts else None
    if own and own.exists():
        return own.resolve().as_uri()
    if (PARTS / f"{chip}.mjs").exists():
        return f"./parts/{chip}.mjs"
    where = f"to {own_parts}" if own_parts else "beside the other parts"
    raise BoardError(f"the bench has no model of {chip}: add {chip}.mjs {where}")
