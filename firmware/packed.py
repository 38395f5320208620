"""The firmware out of one file, for an ESP32 that wakes from deep sleep: it starts anew each time.

MicroPython looks for a module three times and reads it in pieces; in littlefs that takes 20 ms of
each of the 60 files between wake and sleep, out of one file 4 ms (emulated). `packing` writes it
before the first deep sleep after any other start, so that it has what is in /lib: whoever changes
files resets the board. It begins with this module, for `boot.py`, and ends with its index and that
one's CRC-32 and size. A row of the index: CRC-32 of the path in /lib, place, size and CRC-32 of
what is there; no size: a folder. It is searched as it is: as JSON it would take 30 ms to load.
What is not in it, or torn, comes from /lib.
"""

import binascii
import io
import os
import struct

FILE = "/lib.pack"
PLACE = "/pack"
ROW = "<IIII"
END = "<II"
_ROW_SIZE = 16
_END_SIZE = 8
_FOLDER = (0x4000,) + 9 * (0,)
_PLAIN = (0x8000,) + 9 * (0,)


class Pack:
    """A read-only file system as `vfs.mount` takes it. Paths begin with a slash.

    Raises OSError or ValueError for a file that is none. folder: where the other files are.
    """

    def __init__(self, path, folder="/lib"):
        self._folder = folder
        self._asked = self._found = None
        self._file = open(path, "rb")
        try:
            self._index = self._load(self._file)
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
        return raw

    def mount(self, _readonly, _mkfs):
        """Nothing to prepare."""

    def umount(self):
        """It is not used any more."""
        self._file.close()

    def _row(self, path):
        """(place, size, CRC-32) or None. The last is known: a module is asked for four times."""
        if path != self._asked:
            self._asked = path
            self._found = self._search(path)
        return self._found

    def _search(self, path):
        index = self._index
        key = binascii.crc32(path.encode()).to_bytes(4, "little")
        at = index.find(key)
        while at >= 0:
            if at % _ROW_SIZE == 0:
                return struct.unpack(ROW, index[at : at + _ROW_SIZE])[1:]
            at = index.find(key, at + 1)
        return None

    def stat(self, path: str) -> tuple:
        """As os.stat, type alone. What would hide a module of the pack is not there: OSError.

        Nor is what would lie beside its packages: there MicroPython looks next by itself.
        """
        name = path
        for end in (".mpy", ".py"):
            if path[-len(end) :] == end:
                name = path[: -len(end)]
        if self._row(name + ".mpy"):
            if path[-4:] == ".mpy":
                return _PLAIN
            raise OSError(2)
        row = self._row(path)
        if row:
            return _PLAIN if row[1] else _FOLDER
        if path.rfind("/") == 0:
            raise OSError(2)
        return os.stat(self._folder + path)

    def open(self, path: str, mode: str):
        """A module's bytes, or the file itself."""
        row = self._row(path)
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
