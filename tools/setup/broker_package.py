"""mosquitto for the bench, unpacked into the cache: never installed, no daemon of the machine."""

from pathlib import Path

from tools.setup import stamps, unpacking
from tools.setup.paths import CACHE, MOSQUITTO, mosquitto
from tools.setup.progress import SetupError, run, step
from tools.setup.system import System

LOG = CACHE / "logs" / "mosquitto.log"
STEP = "mosquitto"


def wanted(system: System) -> str:
    """The key: the release of the system, whose libraries the broker uses too."""
    return stamps.key(
        system.codename, system.architecture, Path(__file__), Path(unpacking.__file__)
    )


def ready(key: str) -> bool:
    """Whether the broker was brought, or one is installed where there is no apt."""
    return stamps.done(STEP, key) and mosquitto() is not None


def bring(system: System, key: str) -> None:
    """Download mosquitto with the libraries that are missing here, and unpack them."""
    stamps.begin(STEP)
    if system.architecture:
        with step("mosquitto, the broker of the bench", 15):
            unpacking.unpack("mosquitto", MOSQUITTO, LOG, what="The broker of the bench")
    elif mosquitto() is None:
        raise SetupError(
            "mosquitto is missing, and here is no apt-get to bring it: install it with this "
            "system's own package manager (2.0 or newer), then run the same command again."
        )
    found = mosquitto()
    if found is None:
        raise SetupError(f"mosquitto was unpacked, but has no program. All it said: {LOG}")
    program, environment = found
    run(["sh", "-c", '"$0" -h; [ $? = 3 ]', program], log=LOG, env=environment)
    stamps.finish(STEP, key)
