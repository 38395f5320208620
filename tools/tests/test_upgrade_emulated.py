"""Boards with the files of firmware 0.1.0 get today's: session, journal and settings go on."""

import json

import pytest

from tools.bench.world.image import image
from tools.bench.world.lab import BOARD, Lab
from tools.build import staged_files
from tools.setup.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

LEGACY = ROOT / "firmware" / "tests" / "data" / "legacy"


def left(kind: str) -> dict[str, bytes]:
    """What was on the board's flash beside the firmware."""
    files = {
        f"/state/{path.relative_to(LEGACY / kind)}": path.read_bytes()
        for path in (LEGACY / kind).rglob("*")
        if path.is_file() and path.suffix != ".json"
    }
    return files | {"/device.json": (LEGACY / kind / "device.json").read_bytes()}


@pytest.mark.parametrize("kind", ["bin", "lamp", "counter"])
async def test_an_upgraded_node_has_its_session_readings_and_settings(lab: Lab, kind: str) -> None:
    then = json.loads((LEGACY / kind / "info.json").read_text())
    unit = await lab.add(kind, files=False)
    await unit.board.power(False)
    await unit.board.set_flash(image(staged_files(BOARD) | left(kind)))
    await unit.board.power(True)
    await lab.run(3)

    now = await lab.ask(unit, "info")

    same = ("dev_eui", "dev_addr", "joined", "profile", "config_version", "dropped", "problem")
    assert {name: now[name] for name in same} == {name: then[name] for name in same}
    assert (now["boots"], now["wiped"]) == (then["boots"] + 1, False)
    made = now["next_seq"] - then["next_seq"]  # since the upgrade
    assert 0 <= made <= 2
    assert now["waiting"] == then["waiting"] + made
