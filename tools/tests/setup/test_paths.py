"""An unpacked program finds what was unpacked beside it, wherever its packages put it."""

import pytest

from tools.setup import paths


def unpacked(root, *files):
    """Empty files below `root`, as packages would have put them there."""
    for name in files:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


@pytest.mark.parametrize("folder", ["lib", "usr/lib"])
def test_libraries_below_lib_are_found_as_those_below_usr(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STRACE", tmp_path / "strace")
    monkeypatch.setattr(paths, "POSTGRESQL", tmp_path / "postgresql")
    library = f"{folder}/x86_64-linux-gnu/libdbus-1.so.3"
    unpacked(tmp_path / "strace/root", "usr/bin/strace", library)
    unpacked(tmp_path / "postgresql/root", "usr/lib/postgresql/15/bin/postgres", library)

    for found, place in ((paths.strace(), "strace"), (paths.postgresql(), "postgresql")):
        assert found
        wanted = tmp_path / place / "root" / folder / "x86_64-linux-gnu"
        assert str(wanted) in found[1]["LD_LIBRARY_PATH"].split(":")


def test_an_unpacked_browser_has_its_own_fonts_and_an_installed_one_those_of_the_system(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
    monkeypatch.setattr(paths, "CHROMIUM", tmp_path / "chromium")
    installed = tmp_path / "bin" / "chromium-headless-shell"
    unpacked(tmp_path, "bin/chromium-headless-shell")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", str(installed.parent))
    found = paths.chromium()
    assert found
    assert found[0] == installed
    assert "FONTCONFIG_FILE" not in found[1]

    unpacked(tmp_path / "chromium/root", "usr/lib/chromium/chromium-headless-shell")
    found = paths.chromium()
    assert found
    assert paths.FONTS.samefile(found[1]["FONTCONFIG_FILE"])
    fonts = "../../.cache/chromium/root/usr/share/fonts"
    assert fonts in paths.FONTS.read_text()
