"""What is soldered to a board: the literals of its file in `boards/`, as parts of the world."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from typing import Any

from tools.bench.world.errors import BoardError
from tools.setup import paths

BOARDS = paths.ROOT / "boards"
PARTS = paths.SIM / "parts"
RADIO_CHIPS = {"sx126x": "sx1262"}


def wiring(name: str) -> dict[str, Any]:
    """The literals of `boards/<name>.py`."""
    path = BOARDS / f"{name}.py"
    if not path.exists():
        known = ", ".join(sorted(one.stem for one in BOARDS.glob("*.py")))
        raise BoardError(
            f"there is no board {name}: choose one of {known}, or add boards/{name}.py"
        )
    return {key: value for key, value in runpy.run_path(str(path)).items() if key.isupper()}


def fitted(
    pins: dict[str, Any], options: Mapping[str, dict[str, Any] | None]
) -> list[dict[str, Any]]:
    """Parts of a board, [{chip, wiring, options}], without those whose options are None."""
    gpio = pins["PINS"]
    parts: dict[str, dict[str, Any]] = {}
    chip = RADIO_CHIPS.get(pins.get("RADIO", ""))
    if chip:
        parts[chip] = {key: gpio[key] for key in ("nss", "busy", "reset", "dio1")}
        parts[chip] |= {
            "spi": pins["RADIO_SPI"],
            "tcxo_mv": pins["TCXO_MV"],
            "rf_switch": pins["RF_SWITCH"],
        }
    if "lamp" in gpio:
        parts["lamp"] = {"pin": gpio["lamp"]}
    parts |= {wires["chip"]: wires for wires in pins.get("SENSORS", {}).values()}
    _check_parts(parts, options)
    return [
        {"chip": chip, "wiring": wires, "options": options.get(chip) or {}}
        for chip, wires in parts.items()
        if options.get(chip, {}) is not None
    ]


def _check_parts(parts: dict[str, Any], options: Mapping[str, Any]) -> None:
    for chip in options:
        if chip not in parts:
            raise BoardError(f"the board has no part {chip}: it has {', '.join(parts)}")
    for chip in parts:
        if options.get(chip, {}) is not None and not (PARTS / f"{chip}.mjs").exists():
            raise BoardError(
                f"the bench has no model of {chip}: add {chip}.mjs beside the other parts"
            )
