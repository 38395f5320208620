"""Named blobs in flash that survive a power cut at any instant.

A blob is two small files, `<name>.a` and `<name>.b`, each a header (generation, CRC-32) and the
data. A save writes the older of the two, so a torn write leaves the last whole copy. Rewriting
a file of some 100 bytes is the cheapest write on littlefs; appending is the most expensive.
"""

import binascii
import os
import struct

_HEADER = "<II"
_HEADER_SIZE = 8
_BLOB_WEAR = 6
APPEND_WEAR = 94
FULL = 28  # ENOSPC


def make_folder(path: str) -> None:
    """Make a folder; where that fails, what is saved there fails too."""
    try:
        os.mkdir(path)
    except OSError:
        pass


def _parse(raw: bytes) -> "tuple | None":
    """(generation, data) of one copy, or None if it is torn or foreign."""
    if len(raw) < _HEADER_SIZE:
        return None
    generation, crc = struct.unpack(_HEADER, raw[:_HEADER_SIZE])
    data = raw[_HEADER_SIZE:]
    return (generation, data) if _crc(generation, data) == crc else None


def _crc(generation: int, data: bytes) -> int:
    return binascii.crc32(data, generation) & 0xFFFFFFFF


class Store:
    """Blobs of one folder. `fresh`: the folder was missing, the flash is new or was wiped.

    wear: flash sectors erased since the start, in hundredths, as what was written makes them on
    average: 6 for a blob, 94 for an append. Measured with littlefs on an emulated RP2040.
    relief() -> bool: frees something when flash is full; False: nothing is left to free.
    """

    def __init__(self, folder="/state"):
        self._folder = folder
        self._newest = {}  # name -> (generation, slot)
        self.fresh = False
        self.relief = bool  # nothing to free
        self.wear = 0
        try:
            os.stat(folder)
        except OSError:
            self.fresh = True
            make_folder(folder)

    def _path(self, name, slot):
        return "%s/%s.%s" % (self._folder, name, "ab"[slot])

    def _copies(self, name):
        """Whole copies, newest first: [(generation, slot, data)]."""
        found = []
        for slot in (0, 1):
            try:
                with open(self._path(name, slot), "rb") as file:
                    copy = _parse(file.read())
            except OSError:
                copy = None
            if copy:
                found.append((copy[0], slot, copy[1]))
        found.sort(key=lambda copy: -copy[0])
        return found

    def load(self, name: str) -> "bytes | None":
        """Newest whole copy, or None if there is none."""
        copies = self._copies(name)
        self._newest[name] = copies[0][:2] if copies else (0, 1)
        return copies[0][2] if copies else None

    def previous(self, name: str) -> "bytes | None":
        """The copy before the newest, or None."""
        copies = self._copies(name)
        return copies[1][2] if len(copies) > 1 else None

    def save(self, name: str, data: bytes) -> None:
        """Replace the older copy. Raises OSError when the flash is full or broken."""
        while True:
            try:
                return self._write(name, data)
            except OSError as error:
                if error.errno != FULL or not self.relief():
                    raise

    def keep(self, name: str, data: bytes) -> bool:
        """As `save`, for what may be lost rather than stop the node. Returns if it is kept."""
        try:
            self.save(name, data)
            return True
        except OSError:
            return False

    def _write(self, name, data):
        if name not in self._newest:
            self.load(name)
        generation, slot = self._newest[name]
        generation, slot = generation + 1, 1 - slot
        header = struct.pack(_HEADER, generation, _crc(generation, data))
        self.wear += _BLOB_WEAR
        with open(self._path(name, slot), "wb") as file:
            file.write(header + data)
        self._newest[name] = (generation, slot)
