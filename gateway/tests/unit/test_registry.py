"""Kinds are found by their file, and a part that they share is none."""

import importlib

import pytest

from gateway import registry
from gateway.errors import Refused


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a file, a folder, and a part that both share."""
    folder = tmp_path / "kinds_of_a_test"
    (folder / "two").mkdir(parents=True)
    for name in ("__init__.py", "one.py", "two/__init__.py", "_shared.py"):
        (folder / name).touch()
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("kinds_of_a_test")


def test_the_file_name_is_the_key(package):
    assert registry.names(package) == ("one", "two")
    for name in registry.names(package):
        assert registry.find(package, name, "kind").__name__ == f"kinds_of_a_test.{name}"


@pytest.mark.parametrize("name", ["_shared", "three", "", "os", "..errors", "one.py"])
def test_what_is_no_kind_is_refused_with_those_there_are(package, name):
    with pytest.raises(Refused, match=f"no kind '{name}'; expected one of: one, two"):
        registry.find(package, name, "kind")
