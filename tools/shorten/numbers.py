"""Names in a .mpy that MicroPython has by number: those of nameless functions become such.

A comprehension is a function named `<listcomp>`, which each file spells: 12 bytes. A traceback of
a board says `list` instead.
Source: MicroPython 1.25, py/persistentcode.c (load_qstr); py/makeqstrdata.py, static_qstr_list.
"""

PLAIN = {
    b"<listcomp>": b"\x81\x59",  # list
    b"<dictcomp>": b"\x81\x17",  # dict
    b"<genexpr>": b"\x81\x4f",  # iter
    b"<lambda>": b"\x81\x07",  # callable
}
"""The name: a number's entry in the table of names, as mpy-cross 1.25 writes that other name."""
_HEADER = 4


def with_plain_names(mpy: bytes) -> bytes:
    """The same file with these entries."""
    count, at = _number(mpy, _HEADER)
    _, at = _number(mpy, at)
    made = bytearray(mpy[:at])
    for _ in range(count):
        begun = at
        entry, at = _number(mpy, at)
        if not entry & 1:  # length by 2, the name and a zero byte; odd is a number
            at += (entry >> 1) + 1
        name = mpy[at - 1 - (entry >> 1) : at - 1] if not entry & 1 else b""
        made += PLAIN.get(name, mpy[begun:at])
    return bytes(made + mpy[at:])


def _number(data: bytes, at: int) -> tuple[int, int]:
    """(an integer of 7 bits a byte, the first the highest; where the next begins)."""
    value = 0
    while True:
        byte = data[at]
        at += 1
        value = value << 7 | byte & 127
        if byte < 128:
            return value, at
