"""Every package of gateway and tools is typed strictly, except tests."""

import tomllib

import pytest

from tools.setup.paths import ROOT


@pytest.mark.parametrize("top", ["gateway", "tools"])
def test_every_package_is_typed_strictly(top):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["basedpyright"]
    packages = {
        f"{top}/{one.parent.name}"
        for one in (ROOT / top).glob("*/__init__.py")
        if one.parent.name != "tests"
    }

    assert packages | {f"{top}/*.py"} <= set(settings["strict"])
