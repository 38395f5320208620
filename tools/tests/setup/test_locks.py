import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCKED = re.compile(r"\S+==\S+( *;[^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+\s*$")
"""One digit less, and pip takes the source archive instead, which needs a build system."""
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-build.txt"]


def pinned(name):
    """{package: version} of a lock."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split()[0].split("==") for line in lines)


def names(requirements):
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in requirements)
    return {match.group().lower() for match in found if match}


@pytest.mark.parametrize("name", LOCKS)
def test_each_package_of_a_lock_has_one_version_and_hashes(name):
    text = (ROOT / name).read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line and not line.startswith("#")]

    wrong = [entry for entry in entries if not LOCKED.match(entry)]

    assert entries
    assert wrong == []


@pytest.mark.parametrize("name", [*LOCKS, "tools/bench/sim/package-lock.json"])
def test_no_lock_names_an_address(name):
    assert not re.search(r"https?://|--index-url|--find-links", (ROOT / name).read_text())


def test_everything_the_project_file_asks_for_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    run = names(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        run |= names(extra)
    develop = names(project["dependency-groups"]["dev"])

    assert run - set(pinned("requirements.txt")) == set()
    assert run | develop <= set(pinned("requirements-dev.txt"))


def test_what_runs_is_the_same_version_as_what_was_tested():
    tested = pinned("requirements-dev.txt")

    different = {
        name: version
        for name, version in pinned("requirements.txt").items()
        if tested.get(name) != version
    }

    assert different == {}


def test_the_emulator_is_pinned_exactly_since_our_corrections_reach_into_it():
    package = json.loads((ROOT / "tools/bench/sim/package.json").read_text())

    assert package["dependencies"]["rp2040js"] == "1.4.1"
