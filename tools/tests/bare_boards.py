"""Boards of the bench without any of the parts that their files name."""

from typing import Any

from tools import build


def bare(board: str = "pico_lora_sx1262") -> dict[str, dict[str, Any] | None]:
    """The `parts` that leave every part of a board out."""
    chips = (sensor["chip"] for sensor in build.board(board)["SENSORS"].values())
    return dict.fromkeys(("sx1262", "lamp", *chips))
