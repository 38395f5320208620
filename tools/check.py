"""`make check`: everything that is quick to ask of a change, two at a time, told in one table.

    python -m tools.check

Exit code 0 only when each check passed; the output of those that did not is printed whole.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tools.setup.paths import ROOT, environment

FAST = "not slow and not faults"
CHECKS = {
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "basedpyright": ["basedpyright"],
    "import rules": ["lint-imports"],
    "generated files": ["python", "-m", "tools.generate", "--check"],
    "device files and sizes": ["python", "-m", "tools.build", "--check"],
}
FOLDERS = ["gateway/tests", "tools/tests", "firmware/tests"]
TESTS = ["python", "-m", "pytest", "-q", "-m", FAST, "-n", "3", "--dist", "loadfile", *FOLDERS]


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
    """Run all checks, then the fast tests; 1 when any failed."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(run, CHECKS, CHECKS.values()))
    for _, text in results:
        print(text, flush=True)
    tests = subprocess.run(TESTS, cwd=ROOT, env=environment(), check=False)
    return 0 if all(passed for passed, _ in results) and not tests.returncode else 1


if __name__ == "__main__":
    sys.exit(main())
