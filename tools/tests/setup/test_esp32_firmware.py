import pytest

from tools.setup import esp32_firmware, esp32_image
from tools.setup.paths import FIRMWARE_ESP32
from tools.setup.progress import SetupError

GOOD = FIRMWARE_ESP32.read_bytes()


def changed(at, value):
    data = bytearray(GOOD)
    data[at] = value
    return bytes(data)


def twice():
    """Two bytes changed: the checksum stays right."""
    data = bytearray(GOOD)
    for at in (0xF040, 0xF044):
        data[at] ^= 1
    return bytes(data)


def test_the_image_that_is_used_is_one():
    esp32_image.check(GOOD)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not begin with e9"),
        (b"UF2\n" + GOOD, "does not begin with e9"),
        (changed(12, 9), "is for an ESP32-S3, not an ESP32"),
        (changed(12, 5), "is for an ESP32-C3, not an ESP32"),
        (changed(12, 77), r"unknown chip \(id 77\)"),
        (GOOD[0xF000:], r"the application alone \(\.app-bin\)"),
        (GOOD[:0x6000], "has no partition table at 0x7000: it is cut"),
        (changed(0x7042, 1), "a partition table without an application"),
        (GOOD[:0xF000], "is cut: it holds no application"),
        (GOOD[:0x90000], "is cut: the application's segments are longer"),
        (GOOD[:-40], "is damaged|is cut"),
        (changed(0xF040, GOOD[0xF040] ^ 1), "checksum is wrong"),
        (twice(), "SHA-256 is wrong"),
    ],
)
def test_another_file_is_refused_with_what_it_is_and_the_next_step(data, why):
    with pytest.raises(SetupError, match=rf"MICROPYTHON_ESP32 .*{why}.*\. Next: take ESP32_GEN"):
        esp32_image.check(data)


def test_a_bad_file_of_the_environment_stops_before_anything_is_brought(monkeypatch, tmp_path):
    path = tmp_path / "firmware.bin"
    path.write_bytes(changed(12, 9))
    monkeypatch.setenv("MICROPYTHON_ESP32", str(path))
    with pytest.raises(SetupError, match="ESP32-S3"):
        esp32_firmware.wanted()

    path.write_bytes(GOOD)
    assert esp32_firmware.wanted()
    monkeypatch.setenv("MICROPYTHON_ESP32", str(tmp_path / "absent"))
    with pytest.raises(SetupError, match="absent of MICROPYTHON_ESP32 is no file"):
        esp32_firmware.wanted()
