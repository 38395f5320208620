"""The firmware out of one file, for an ESP32 that wakes from deep sleep: it starts anew each time.

MicroPython looks for a module three times and reads it in pieces; in littlefs that takes 20 ms of
each of the 60 files between wake and sleep, out of one file 5 ms (emulated). `packing` writes it
before the first deep sleep after any other start, so that it has what is in /lib: whoever changes
files resets the board. It ends with its index, {path in /lib: [offset, size, CRC-32], or 0 for a
folder}, as JSON, and that one's CRC-32 and size. What is not in it, or torn, comes from /lib.
"""

import binascii
import io
import json
import os
import struct

FILE = "/lib.pack"
PLACE = "/pack"
END = "<II"
_END_SIZE = 8
_FOLDER = (0x4000,) + 9 * (0,)
_PLAIN = (0x8000,) + 9 * (0,)


class Pack:
    """A read-only file system as `vfs.mount` takes it. Paths begin with a slash.

    Raises OSError or ValueError for a file that is none. folder: where the other files are.
    """

    def __init__(self, path, folder="/lib"):
        self._folder = folder
        self._file = open(path, "rb")
        self._index = {}
        try:
            self._load(self._file)
        except ValueError:
            self.umount()
            raise

    def _load(self, file):
        end = file.seek(0, 2) - _END_SIZE
        if end < 0:
            raise ValueError("no pack")
        file.seek(end)
        crc, size = struct.unpack(END, file.read(_END_SIZE))
        if size > end:
            raise ValueError("no pack")
        file.seek(end - size)
        raw = file.read(size)
        if binascii.crc32(raw) != crc:
            raise ValueError("no pack")
        self._index = json.loads(raw)

    def mount(self, _readonly, _mkfs):
        """Nothing to prepare."""

    def umount(self):
        """It is not used any more."""
        self._file.close()

    def stat(self, path: str) -> tuple:
        """As os.stat, type alone. What would hide a module of the pack is not there: OSError."""
        index = self._index
        if path[-4:] == ".mpy":
            if path[:-4] in index:
                return _PLAIN
        elif path in index:
            if not index[path]:
                return _FOLDER
            raise OSError(2)
        elif path[-3:] == ".py" and path[:-3] in index:
            raise OSError(2)
        return os.stat(self._folder + path)

    def open(self, path: str, mode: str):
        """A module's bytes, or the file itself."""
        row = self._index.get(path[:-4]) if path[-4:] == ".mpy" else None
        if row:
            at, size, crc = row
            self._file.seek(at)
            data = self._file.read(size)
            if binascii.crc32(data) == crc:
                return io.BytesIO(data)
        return open(self._folder + path, mode)


def mount() -> None:
    """Modules are looked for in the pack from now on."""
    import sys

    import vfs

    vfs.mount(Pack(FILE), PLACE)
    sys.path[:] = [".frozen", PLACE, "", "/lib"]
