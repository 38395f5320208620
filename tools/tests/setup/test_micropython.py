import pytest

from tools.setup import micropython
from tools.setup.progress import SetupError
from tools.setup.system import System
from tools.setup.uf2 import FAMILY_RP2040, flash_image, uf2

DEBIAN = System(("debian",), "bookworm", "amd64")
FEDORA = System(("fedora",), "", "")


@pytest.fixture(autouse=True)
def _no_own_files(monkeypatch):
    monkeypatch.delenv("MICROPYTHON_UF2", raising=False)
    monkeypatch.delenv("MICROPYTHON_UNIX", raising=False)


def test_elsewhere_one_sentence_tells_how_to_give_a_micropython():
    with pytest.raises(SetupError, match=r"MICROPYTHON_UF2=.*MICROPYTHON_UNIX="):
        micropython.wanted(FEDORA)


def test_one_file_of_two_is_told_too(monkeypatch, tmp_path):
    (tmp_path / "a.uf2").write_bytes(b"x")
    monkeypatch.setenv("MICROPYTHON_UF2", str(tmp_path / "a.uf2"))

    with pytest.raises(SetupError, match="give both files"):
        micropython.wanted(DEBIAN)


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("MICROPYTHON_UF2", str(tmp_path / "absent.uf2"))
    monkeypatch.setenv("MICROPYTHON_UNIX", str(tmp_path / "absent"))

    with pytest.raises(SetupError, match=r"absent\.uf2"):
        micropython.wanted(FEDORA)


def test_own_files_work_on_any_system_and_their_contents_are_the_key(monkeypatch, tmp_path):
    firmware, unix = tmp_path / "a.uf2", tmp_path / "unix"
    firmware.write_bytes(b"1")
    unix.write_bytes(b"2")
    monkeypatch.setenv("MICROPYTHON_UF2", str(firmware))
    monkeypatch.setenv("MICROPYTHON_UNIX", str(unix))

    first = micropython.wanted(FEDORA)
    firmware.write_bytes(b"3")

    assert micropython.wanted(FEDORA) != first
    assert not micropython.builds()


def test_a_uf2_holds_the_image_it_was_made_from():
    image = bytes(range(256)) * 3 + b"end"

    packed = uf2(image)

    assert len(packed) == 4 * 512
    assert flash_image(packed) == image + b"\0" * 253


def test_uf2_blocks_tell_address_number_and_family():
    second = uf2(b"\1" * 512)[512:544]

    words = [int.from_bytes(second[place : place + 4], "little") for place in range(0, 32, 4)]
    assert words == [
        0x0A324655, 0x9E5D5157, 0x2000, 0x10000100, 256, 1, 2, FAMILY_RP2040,
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"\0" * 512, b"not a uf2 file" * 100])
def test_what_is_no_uf2_is_refused(data):
    with pytest.raises(SetupError, match="UF2"):
        flash_image(data)


def test_a_uf2_for_another_chip_is_refused():
    packed = bytearray(uf2(b"\1" * 256))
    packed[28:32] = (0xE48BFF59).to_bytes(4, "little")

    with pytest.raises(SetupError, match="RP2040"):
        flash_image(bytes(packed))
