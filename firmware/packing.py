"""Write what `packed` reads: every module of /lib in one file."""

import binascii
import json
import os
import struct

from packed import END, FILE

_FOLDER = 0x4000  # type of a folder's entry, by os.ilistdir


def make(feed, path: str = FILE, folder: str = "/lib") -> bool:
    """Replace the pack. False where flash takes none: then there is none. feed(): often called."""
    fresh = path + ".new"
    index = {}
    try:
        with open(fresh, "wb") as out:
            _add(out, folder, "", index, feed)
            raw = json.dumps(index).encode()
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


def _add(out, folder, below, index, feed):
    for entry in os.ilistdir(folder + below):
        name = below + "/" + entry[0]
        if entry[1] == _FOLDER:
            index[name] = 0
            _add(out, folder, name, index, feed)
        elif name[-4:] == ".mpy":
            feed()
            with open(folder + name, "rb") as file:
                data = file.read()
            index[name[:-4]] = out.tell(), len(data), binascii.crc32(data)
            out.write(data)
