"""What is wrong with the firmware's files, for a person: installed as source, which loads always.

Imported when something failed, by `main.py` and `node.app`.
"""

import os
import sys

_FOLDER = 0x4000  # type of a folder's entry, by os.ilistdir
_SHOWN = 3


def explain(error: Exception, folder: str = "/lib") -> list:
    """Two lines: what happened, with the files that are the reason, and who does what next.

    folder: where the firmware is.
    """
    text = "%s: %s" % (type(error).__name__, error)
    cure = "report it to the maintainers"
    if isinstance(error, ImportError):
        cure = "a file is missing: install the firmware again"
    elif isinstance(error, MemoryError):
        cure = "type reboot"
    elif ".mpy" in text:
        files = incompatible(folder)
        text += ", " + ", ".join(files[:_SHOWN])
        if len(files) > _SHOWN:
            text += " and %d more" % (len(files) - _SHOWN)
        cure = "MicroPython %d.%d loads .mpy of version %d: install the firmware that fits it" % (
            sys.implementation.version[:2] + (_version(),)
        )
    return ["error: " + text, "next:  " + cure]


def _version():
    """Version of the .mpy format. Source: MicroPython's documentation, mpy files."""
    return sys.implementation._mpy & 0xFF


def incompatible(folder: str) -> list:
    """The .mpy files below a folder that are not of the version that this MicroPython loads."""
    found = []
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] == _FOLDER:
            found += incompatible(path)
        elif path.endswith(".mpy"):
            with open(path, "rb") as file:
                if file.read(2) != b"M" + bytes((_version(),)):
                    found.append(path)
    return sorted(found)
