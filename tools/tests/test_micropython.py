"""The plain-assert tests of the firmware under MicroPython's unix port (32-bit, single floats)."""

import subprocess
from pathlib import Path

import pytest

from tools.setup.paths import MICROPYTHON_UNIX, ROOT

TESTS = ROOT / "firmware" / "tests"
FILES = sorted(
    path.name for path in TESTS.glob("test_*.py") if 'ONLY = "cpython"' not in path.read_text()
)


def micropython(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Run the runner of a test folder on these files."""
    command = [str(MICROPYTHON_UNIX), "-X", "heapsize=4M", "run.py", *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_the_same_file_passes_under_micropython(name):
    done = micropython(TESTS, name)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout
    assert not done.stdout.startswith("0 passed")


def test_the_runner_fails_when_a_test_fails(tmp_path):
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "run.py").write_text((TESTS / "run.py").read_text())
    (tests / "test_bad.py").write_text("def test_it():\n    assert 1 == 2\n")

    done = micropython(tests)

    assert done.returncode == 1
    assert "FAILED test_bad.py test_it" in done.stdout
