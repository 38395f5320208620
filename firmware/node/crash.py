"""The exception that ended a run, as reports have it. Loaded for them."""

from micropython import const

_PIECE = const(6)  # bytes of the text in one field


def last(path: str) -> str:
    """Last line of the traceback kept there; empty without one."""
    try:
        with open(path) as file:
            return file.read().strip().split("\n")[-1]
    except OSError:
        return ""


def fields(text: str) -> dict:
    """Its first 18 bytes: {text1: number, ...} as in the table, what is not needed left out."""
    data = text.encode()
    found = {}
    for number in (1, 2, 3):
        if data:
            found["text%d" % number] = int.from_bytes(data[:_PIECE], "big")
        data = data[_PIECE:]
    return found
