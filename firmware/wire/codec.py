"""Payloads and commands to bytes, interpreted from the table; integers only.

An uplink frame is one byte (the size of a record) and records, newest first, so that either end
may know fields that the other does not: unknown trailing bytes are skipped, missing trailing
fields are None. A command is its fields alone and must have exactly their size. The way back is
`wire.decoding`, of which a node needs `wire.commands` alone.
"""

from wire.readings import HEAD


class WireError(ValueError):
    """The values do not fit the table, or the bytes do not; the sentence says where."""


_kept = {}  # readings by name: a node packs one of them again and again, without the table


def fields(text: str) -> "list[tuple[str, int, int, int, int, bool]]":
    """[(name, bits, low, high, step, optional)] of an entry's fields."""
    return [_field(line.split()) for line in text.split(",")]


def entry(name: str) -> "tuple[int, list[tuple[str, int, int, int, int, bool]]]":
    """(fport, fields) of a payload or command. Raises WireError for an unknown name."""
    if name in _kept:
        return _kept[name]
    from wire import table

    fport, text = table.REPORTS.get(name) or table.COMMANDS.get(name) or (0, "")
    if fport:
        return fport, fields(text)
    try:
        reading = __import__("wire.readings." + name, None, None, ("*",))
    except ImportError:
        raise WireError("%s: unknown payload or command" % name)
    _kept[name] = found = reading.FPORT, fields(HEAD + reading.FIELDS)
    return found


def _field(words):
    optional = words[-1] == "?"
    if optional:
        words.pop()
    bits = int(words[1])
    low, high, step = (words[2:] + [0, (1 << bits) - 1 - optional, 1][len(words) - 2 :])[:3]
    return words[0], bits, int(low), int(high), int(step), optional


def size(rows: "list[tuple[str, int, int, int, int, bool]]") -> int:
    """Bytes of one record of these fields."""
    return (sum([row[1] for row in rows]) + 7) // 8


def pack(name: str, values: "dict[str, int] | dict[str, int | None]") -> bytes:
    """One record or command. A missing value is None, which optional fields allow.

    A reading ends with its last value that is not absent: the way back knows the rest. Values
    between two steps go to the nearest. Raises WireError for an unknown name or field, a
    value out of range, or a missing one.
    """
    rows = entry(name)[1]
    out = bytearray()
    acc = held = found = at = told = 0
    for field, bits, low, high, step, optional in rows:
        at += bits
        value = values.get(field)
        if value is None and optional:
            raw = (1 << bits) - 1
        elif type(value) is int and low <= value <= high:
            raw = (value - low + step // 2) // step
            found += 1
            told = at
        else:
            raise WireError("%s: %s %s" % (name, field, _fault(value, low, high)))
        acc = acc << bits | raw
        held += bits
        while held >= 8:
            held -= 8
            out.append(acc >> held & 255)
            acc &= (1 << held) - 1
    if held:
        spare = 8 - held  # ones: a field appended later reads as absent
        out.append(acc << spare | (1 << spare) - 1)
    if found != len(values):
        _check_names(name, rows, values)
    return bytes(out[: (told + 7) // 8] if name in _kept else out)


def _fault(value, low, high):
    if value is None:
        return "is missing"
    if type(value) is not int:
        return "is not a whole number"
    return "is %d, not within %d to %d" % (value, low, high)


def _check_names(name, rows, values):
    names = [row[0] for row in rows]
    for field in sorted(values):
        if field not in names:
            raise WireError("%s: no field %s; it has %s" % (name, field, ", ".join(names)))


def frame(records: "list[bytes]") -> bytes:
    """An uplink's payload from records of one kind (as `pack` makes them), newest first.

    Their ends, where values are absent, are ones: what the longest one has, all of them have.
    """
    size = max([len(one) for one in records])
    return bytes([size]) + b"".join([one + b"\xff" * (size - len(one)) for one in records])


def set_age(record: bytes, age_s: "int | None") -> bytes:
    """The reading's record with another age, which grows between journal and antenna."""
    raw = 65535 if age_s is None or age_s > 655340 else (age_s + 5) // 10
    return record[:2] + bytes([raw >> 8, raw & 255]) + record[4:]
