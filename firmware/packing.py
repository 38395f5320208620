"""Write what `packed` reads: every module of /lib in one file, and what else a wake needs."""

import binascii
import os
import struct

from packed import END, FILE, ROW

_FOLDER = 0x4000  # type of a folder's entry, by os.ilistdir
_FIRST = "/packed.mpy"


def make(feed, more: dict, path: str = FILE, folder: str = "/lib") -> bool:
    """Replace the pack. False where flash takes none: then there is none. feed(): often called.

    more: {path: bytes} of what is packed besides.
    """
    fresh = path + ".new"
    rows = []
    try:
        with open(fresh, "wb") as out:
            _begin(out, folder)
            _add(out, folder, "", rows, feed)
            for name, data in more.items():
                rows.append(_written(out, name, data))
            raw = b"".join(rows)
            out.write(raw + struct.pack(END, binascii.crc32(raw), len(raw)))
        os.rename(fresh, path)
        return True
    except OSError:
        for one in (fresh, path):
            try:
                os.remove(one)
            except OSError:
                pass
        return False


def _begin(out, folder):
    """Size and bytes of `packed`."""
    with open(folder + _FIRST, "rb") as file:
        data = file.read()
    out.write(struct.pack("<I", len(data)) + data)


def _add(out, folder, below, rows, feed):
    for entry in os.ilistdir(folder + below):
        name = below + "/" + entry[0]
        if entry[1] == _FOLDER:
            rows.append(_row(name, 0, b""))
            _add(out, folder, name, rows, feed)
        elif name[-4:] == ".mpy":
            feed()
            with open(folder + name, "rb") as file:
                rows.append(_written(out, name, file.read()))


def _written(out, name, data):
    row = _row(name, out.tell(), data)
    out.write(data)
    return row


def _row(name, at, data):
    return struct.pack(ROW, binascii.crc32(name.encode()), at, len(data), binascii.crc32(data))
