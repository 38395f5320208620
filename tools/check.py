"""`make check`: the fast tests and, beside them, all else that is quick to ask of a change.

    python -m tools.check

Exit code 0 only when each check passed; the output of those that did not is printed whole. The
last line is the wall time: at most a minute on two idle cores, set-up being warm.
"""

import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor

from tools.setup.paths import NODE_TESTS, ROOT, environment

FAST = "not slow and not faults"
DEVICE_TYPES = ["basedpyright", "-p", "firmware/pyrightconfig.json", "--typeshedpath"]
"""With MicroPython's own standard library, of micropython-rp2-stubs."""
NODE_FILES = sorted(
    str(path) for path in NODE_TESTS.glob("*.test.mjs") if not path.name.startswith("esp32")
)
"""Without the ESP32, 30 s of MicroPython on both its cores: that is in `make test`."""
CHECKS = {
    "basedpyright": ["basedpyright"],
    "basedpyright, device": [*DEVICE_TYPES, sysconfig.get_path("purelib")],
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "import rules": ["lint-imports"],
    "circles, lengths": ["python", "-m", "tools.architecture", "firmware", "tools", "hil_tests"],
    "generated files": ["python", "-m", "tools.generate", "--check"],
    "licences": ["python", "-m", "tools.licences"],
    "device files and sizes": ["python", "-m", "tools.build", "--check"],
    "chip, radio and air": ["node", "--test", *NODE_FILES],
}
FOLDERS = ["gateway/tests", "tools/tests", "firmware/tests"]
TESTS = [
    "python", "-m", "pytest", "-q", "-m", FAST, "--hypothesis-profile=quick",
    "-n", "3", "--dist", "loadfile", *FOLDERS,
]  # fmt: skip


def run(name: str, command: list[str]) -> tuple[bool, str]:
    """Run one check; (passed, what it printed, with a line of name, result and seconds)."""
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - started
    line = f"{'ok  ' if not done.returncode else 'FAIL'}  {name}  {seconds:.1f} s"
    return not done.returncode, line if not done.returncode else f"{done.stdout}\n{line}"


def main() -> int:
    """Run the fast tests, which often wait, and beside them the checks; 1 when any failed."""
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=1) as pool:
        checks = pool.map(run, CHECKS, CHECKS.values())
        tests = subprocess.run(TESTS, cwd=ROOT, env=environment(), check=False)
        results = list(checks)
    for _, text in results:
        print(text, flush=True)
    passed = all(passed for passed, _ in results) and not tests.returncode
    verdict = "passed" if passed else "FAILED"
    print(f"check: {verdict}, {time.monotonic() - started:.0f} s of wall time")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
