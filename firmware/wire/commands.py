"""Commands from bytes, interpreted from the table; the form is `wire.codec`'s."""

from wire.codec import WireError, fields, size


def unpack_command(fport: int, data: bytes) -> "tuple[str, dict[str, int | None]]":
    """(name, {field: value}) of a downlink. Raises WireError."""
    name, rows = _at_port(fport)
    if len(data) != size(rows):
        raise WireError("%s: %d bytes instead of %d" % (name, len(data), size(rows)))
    return name, values(name, rows, data)


def _at_port(fport):
    from wire import table

    for name, known in table.COMMANDS.items():
        if known[0] == fport:
            return name, fields(known[1])
    raise WireError("port %d: nothing is defined there" % fport)


def values(name: str, rows: list, data: bytes) -> dict:
    """{field: value} of one record or command. Raises WireError for a value above its range."""
    found = {}
    acc = 0
    held = 0
    at = 0
    for field, bits, low, high, step, optional in rows:
        while held < bits and at < len(data):
            acc = acc << 8 | data[at]
            at += 1
            held += 8
        if held < bits:
            found[field] = None  # sent by an older table
            held = acc = 0
            continue
        held -= bits
        raw = acc >> held
        acc &= (1 << held) - 1
        if optional and raw == (1 << bits) - 1:
            found[field] = None
            continue
        value = low + raw * step
        if value > high:
            raise WireError("%s: %s is %d, above %d" % (name, field, value, high))
        found[field] = value
    return found
