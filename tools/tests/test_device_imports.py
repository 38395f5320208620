"""Which way imports may point on the device; import-linter cannot read MicroPython's modules."""

import ast
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
PURE = {"asyncio", "binascii", "collections", "hashlib", "math", "struct"}
DEVICE = PURE | {"board", "cryptolib", "gc", "json", "machine", "micropython", "os", "random"}
DEVICE |= {"array", "rp2", "select", "sys", "time"}
MAY_IMPORT = {
    "wire/profiles/__init__.py": {"sys", "typing", "unload"},  # a board forgets what it has read
    "wire": PURE | {"wire"},
    "lorawan": PURE | {"lorawan", "cryptolib", "cryptography", "unload"},
    "judgement": {"judgement", "struct"},
    "radios/modem_start.py": DEVICE - {"board"} | {"lora", "radios"},  # lora: of micropython-lib
    "radios": DEVICE - {"board"} | {"lorawan", "radios", "unload"},
    "node/ports": DEVICE | {"esp32", "node", "unload"},
    "node/esp32_pins.py": DEVICE | {"esp32", "node"},
    "node/deep.py": DEVICE | {"esp32", "node", "packing", "unload"},
    "node/thin.py": DEVICE | {"node", "packed", "unload"},
    "node/sensors/ds18b20.py": DEVICE | {"_onewire", "node"},  # compiled into every MicroPython
    "node": DEVICE | {"installed", "judgement", "lorawan", "node", "radios", "unload", "wire"},
    "unload.py": {"sys"},
    "packed.py": {"binascii", "io", "json", "os", "struct", "sys", "vfs"},
    "packing.py": {"binascii", "json", "os", "packed", "struct"},
    "boot.py": {"board", "flashbdev", "io", "machine", "node", "packed", "struct", "sys", "vfs"},
    "installed.py": {"os", "sys"},
    "installing.py": {"board", "machine"},
    "main.py": {"installed", "node"},
}


def imported(source: str) -> set[str]:
    found: set[str] = set()
    for item in ast.walk(ast.parse(source)):
        if isinstance(item, ast.Import):
            found |= {alias.name.split(".")[0] for alias in item.names}
        elif isinstance(item, ast.ImportFrom):
            found.add((item.module or "").split(".")[0] if not item.level else "relative import")
    return found


def device_files() -> list[str]:
    paths = (path.relative_to(FIRMWARE) for path in FIRMWARE.rglob("*.py"))
    return sorted(str(path) for path in paths if "tests" not in path.parts[:-1])


@pytest.mark.parametrize("name", [name for name in device_files() if name != "manifest.py"])
def test_a_device_file_imports_only_what_its_folder_may(name):
    folder = next(part for part in MAY_IMPORT if name == part or name.startswith(part + "/"))
    allowed = MAY_IMPORT[folder]

    forbidden = imported((FIRMWARE / name).read_text()) - allowed

    assert forbidden == set()


@pytest.mark.parametrize(
    "line", ["import gateway", "from node.app import main", "from . import x"]
)
def test_a_wrong_direction_is_seen(line):
    assert imported(line) - MAY_IMPORT["wire"]
