"""A board's file system as one littlefs image, to write and to read."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from littlefs import LittleFS

BLOCK_SIZE = 4096
PICO_BYTES = 352 * BLOCK_SIZE
"""What MicroPython's RPI_PICO build mounts at 0xA0000 (ports/rp2/rp2_flash.c)."""


def image(files: dict[str, bytes], size: int = PICO_BYTES) -> bytes:
    """A littlefs image of `size` bytes, {"/path": content}, as MicroPython mounts it."""
    system = _file_system(size, disk_version=0x00020000)
    for name, content in sorted(files.items()):
        path = PurePosixPath("/") / name.lstrip("/")
        if str(path.parent) != "/":
            system.makedirs(str(path.parent), exist_ok=True)
        with system.open(str(path), "wb") as file:
            file.write(content)
    return bytes(system.context.buffer)


def files(data: bytes) -> dict[str, bytes]:
    """The files of such an image. Raises littlefs's LittleFSError when it holds no file system."""
    system = _file_system(len(data), mount=False)
    system.context.buffer = bytearray(data)
    system.mount()
    found: dict[str, bytes] = {}
    for folder, _, names in system.walk("/"):
        for name in names:
            path = str(PurePosixPath(folder) / name)
            with system.open(path, "rb") as file:
                found[path] = file.read()
    return found


def _file_system(size: int, **options: Any) -> Any:
    """A littlefs of the board's size; littlefs-python's own types leave out what is used here."""
    return LittleFS(block_size=BLOCK_SIZE, block_count=size // BLOCK_SIZE, **options)
