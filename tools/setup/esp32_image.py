"""Whether a file is a MicroPython image for an ESP32 as micropython.org gives it.

It begins with the boot loader, at 0x1000 of the flash. Source: ESP-IDF, "Application image
format" and "Partition Tables"; the ids of chips: esp_app_format.h.
"""

import hashlib
import struct

from tools.setup.progress import SetupError

BOOT_LOADER = 0x1000
TABLE = 0x8000 - BOOT_LOADER
"""Where the partition table is in the file."""
MAGIC = 0xE9
ENTRY = b"\xaa\x50"
APPLICATION = 0
CHIPS = {
    2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2",
    18: "ESP32-P4",
}  # fmt: skip
NEXT = "Next: take ESP32_GENERIC-*.bin of MicroPython 1.2x from micropython.org."


def check(data: bytes) -> None:
    """Raise SetupError for a file that does not start an ESP32, with what it is instead."""
    if data[:1] != bytes([MAGIC]) or len(data) < 24:
        raise _refused("is no image for an ESP32: it does not begin with e9")
    chip = struct.unpack_from("<H", data, 12)[0]
    if chip:
        raise _refused(f"is for an {CHIPS.get(chip, f'unknown chip (id {chip})')}, not an ESP32")
    if data[TABLE : TABLE + 2] != ENTRY:
        raise _refused(
            "has no partition table at 0x7000: it is cut, or the application alone (.app-bin)"
        )
    _image(data, _application(data))


def _application(data: bytes) -> int:
    """Where the first application is in the file."""
    for at in range(TABLE, TABLE + 0xC00, 32):
        if data[at : at + 2] != ENTRY:
            break
        if data[at + 2] == APPLICATION:
            return struct.unpack_from("<I", data, at + 4)[0] - BOOT_LOADER
    raise _refused("has a partition table without an application")


def _image(data: bytes, at: int) -> None:
    """The application's segments, checksum and SHA-256."""
    if data[at : at + 1] != bytes([MAGIC]):
        raise _refused("is cut: it holds no application")
    begin = at
    total = 0xEF
    at += 24
    for _ in range(data[begin + 1]):
        (size,) = struct.unpack_from("<I", data.ljust(at + 8), at + 4)
        at += 8 + size
        if at > len(data):
            raise _refused("is cut: the application's segments are longer than the file")
        for byte in data[at - size : at]:
            total ^= byte
    at = (at | 15) + 1
    if data[at - 1 : at] != bytes([total]):
        raise _refused("is damaged: the application's checksum is wrong")
    hashed = data[begin + 23] == 1
    if hashed and hashlib.sha256(data[begin:at]).digest() != data[at : at + 32]:
        raise _refused("is damaged: the application's SHA-256 is wrong")


def _refused(why: str) -> SetupError:
    return SetupError(f"The file of MICROPYTHON_ESP32 {why}. {NEXT}")
