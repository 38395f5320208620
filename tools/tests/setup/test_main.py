"""The command as a new user runs it: a tree of its own, and no way to any package source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.setup import system
from tools.setup.__main__ import plan
from tools.setup.node_packages import reason as npm_reason
from tools.setup.programs import POSTGRESQL, STRACE
from tools.setup.python_packages import reason as pip_reason
from tools.setup.uf2 import uf2

ROOT = Path(__file__).resolve().parents[3]
NO_MIRROR = "#!/bin/sh\necho \"  Could not resolve 'mirror.example'\"\nexit 100\n"


@pytest.fixture
def tree(tmp_path):
    """A checkout with only what set-up reads, and an apt-get that reaches nothing."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "__init__.py", tmp_path / "tools")
    shutil.copytree(ROOT / "tools" / "setup", tmp_path / "tools" / "setup")
    for name in ("requirements-build.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {
        "apt-get": NO_MIRROR, "dpkg": "#!/bin/sh\necho amd64\n", "gcc": "#!/bin/sh\necho 12\n",
        "cmake": "#!/bin/sh\n", "make": "#!/bin/sh\n",
    }.items():  # fmt: skip
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return tmp_path


def setup(tree, **environment):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1"}
    path = f"{tree / 'bin'}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MICROPY")}
    kept.pop("PIP_FIND_LINKS", None)
    return subprocess.run(
        [sys.executable, "-m", "tools.setup", environment.pop("goal", "run")],
        cwd=tree, env={**kept, "PATH": path, **nowhere, **environment},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_without_network_each_thing_that_cannot_be_had_has_its_sentence(tree):
    done = setup(tree, DEBIAN_MIRROR="http://mirror.example/debian")

    said = done.stderr
    assert done.returncode == 1
    assert "Traceback" not in said
    assert (
        "MicroPython cannot be built: The package lists cannot be had: Could not resolve" in said
    )
    assert "The broker of the bench is missing: The package lists cannot be had: Could not" in said
    assert "requirements-build.txt cannot be had: no connection to the package index." in said
    assert said.count("Next: ") == 3  # `run` brings no database
    assert not (tree / ".cache" / "stamps").exists()
    assert not (tree / ".cache" / "mosquitto").exists()


@pytest.mark.parametrize("program", [POSTGRESQL, STRACE])
@pytest.mark.parametrize(("goal", "more"), [("run", 0), ("check", 0), ("test", 1), ("bench", 1)])
def test_only_the_goals_that_test_it_bring_a_database_and_a_tracer(
    monkeypatch, program, goal, more
):
    machine = system.System(("debian",), "bookworm", "amd64")

    def chains(there):
        monkeypatch.setattr(program, "ready", lambda _key: there)
        return len(plan(goal, machine))

    assert chains(there=False) - chains(there=True) == more


def test_own_files_are_taken_on_a_system_that_cannot_build(tree):
    (tree / "bin" / "dpkg").write_text("#!/bin/sh\necho arm64\n")
    (tree / "own.uf2").write_bytes(uf2(b"image" * 100))
    (tree / "own").write_bytes(b"program")
    (tree / ".cache").mkdir()
    (tree / ".cache" / "venv").write_text("in the way: Python packages are not this test's matter")

    done = setup(tree, MICROPYTHON_UF2=str(tree / "own.uf2"), MICROPYTHON_UNIX=str(tree / "own"))

    made = tree / ".cache" / "micropython"
    assert (made / "firmware.bin").read_bytes().startswith(b"image" * 100)
    assert (made / "firmware.uf2").read_bytes() == (tree / "own.uf2").read_bytes()
    assert (made / "micropython-unix").stat().st_mode & 0o777 == 0o755
    assert "MicroPython" not in done.stderr


def test_elsewhere_the_sentence_comes_before_anything_is_done(tree):
    (tree / "bin" / "dpkg").write_text("#!/bin/sh\necho arm64\n")

    done = setup(tree)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "MICROPYTHON_UF2=" in done.stderr


def test_an_unknown_goal_is_refused(tree):
    done = setup(tree, goal="fly")

    assert done.returncode == 2
    assert "invalid choice: 'fly'" in done.stderr


def test_pip_is_told_by_its_error_line():
    said = "Collecting x\nERROR: No matching distribution found for x==1\nERROR: more\n"

    assert pip_reason(said) == "No matching distribution found for x==1"


def test_npm_is_told_by_its_own_words():
    said = "$ npm ci\nnpm error code ENOTFOUND\nnpm error network request failed\nnpm error more\n"

    assert npm_reason(said) == "code ENOTFOUND; network request failed."
