"""Batches from bytes; the form is `wire.batch`'s. For gateway and tests: no board carries this."""

from wire import decoding, schema
from wire.batch import AGE_BITS, FPORT, INTERVALS_S, QUOTIENT, STEP_BITS
from wire.codec import WireError, fields


class _Bits:
    """Bits of bytes, the highest first. name: of the payload, for what a WireError says."""

    def __init__(self, name, data):
        self._name = name
        self._data = data
        self._at = 0

    def take(self, width: int, what: str) -> int:
        """The next so many bits. Raises WireError behind the end."""
        value = 0
        for at in range(self._at, self._at + width):
            if at >> 3 >= len(self._data):
                raise WireError("%s: the batch ends within %s" % (self._name, what))
            value = value << 1 | self._data[at >> 3] >> (7 - at & 7) & 1
        self._at += width
        return value

    def rests(self) -> bool:
        """Is the next bit a one? Behind the end there are ones."""
        at = self._at
        self._at += 1
        return at >> 3 >= len(self._data) or bool(self._data[at >> 3] >> (7 - at & 7) & 1)


def readings(fport: int, data: bytes) -> "list[dict[str, int | None]]":
    """[{field: value}, oldest first] of an uplink, alone or of a batch. Raises WireError."""
    either = unpack if fport >= FPORT else decoding.unpack
    return either(fport, data)[1][::-1]


def unpack(fport: int, data: bytes) -> "tuple[str, list[dict[str, int | None]]]":
    """(name, [{field: value}, newest first]) of a batch. Raises WireError.

    A field that the sender left out is None in every reading, a flag 0.
    """
    name, rows = _at_port(fport - FPORT)
    bits = _Bits(name, data)
    newest = bits.take(16, "its number")
    count = bits.take(5, "its size") + 1
    ages = _ages(name, bits, count)
    columns = [_column(name, bits, row, count) for row in rows[2:]]
    records = []
    for at in range(count - 1, -1, -1):
        record = {"seq": newest - (count - 1 - at) & 0xFFFF, "age": ages[at]}
        for row, column in zip(rows[2:], columns):
            record[row[0]] = column[at]
        records.append(record)
    return name, records


def _at_port(fport):
    for name, (known, text) in schema.PAYLOADS.items():
        if known == fport < schema.FIRST_REPORT:
            return name, fields(text)
    raise WireError("port %d: nothing is defined there" % (fport + FPORT))


def _ages(name, bits, count):
    """Seconds, oldest first; None where unknown."""
    age = 0
    if bits.take(1, "its age"):
        age = bits.take(AGE_BITS, "its age")
        if age == (1 << AGE_BITS) - 1:
            return [None] * count
    ages = [age * 10]
    if count == 1:
        return ages
    code = bits.take(3, "its interval")
    usual = INTERVALS_S[code] // 10 if code < 7 else bits.take(14, "its interval")
    steps = [0] * (count - 1)
    if not bits.take(1, "its interval"):
        steps = _rice(bits, count - 1, STEP_BITS, "its times")
    for folded in reversed(steps):
        step = usual + _signed(folded)
        if step < 0:
            raise WireError("%s: a reading is older than the one before it" % name)
        ages.insert(0, ages[0] + 10 * step)
    return ages


def _column(name, bits, row, count):
    """Values of one field, oldest first."""
    field, width, low, high, step, optional = row
    if bits.rests():
        if bits.rests():
            return [0 if width == 1 else None] * count
        raws = [_first(name, bits, width, field)] * count
    else:
        raws = _differences(name, bits, width, count, field)
    values = []
    for raw in raws:
        value = low + raw * step
        if optional and raw == (1 << width) - 1:
            value = None
        elif value > high:
            raise WireError("%s: %s is %d, above %d" % (name, field, value, high))
        values.append(value)
    return values


def _first(name, bits, width, field):
    if width >= 16:
        nibbles = bits.take(4, field)
        if 4 * nibbles > width + 3:
            raise WireError("%s: %s begins with more digits than it has" % (name, field))
        width = 4 * nibbles
    return bits.take(width, field)


def _differences(name, bits, width, count, field):
    raws = [_first(name, bits, width, field)]
    line = bits.take(1, field)
    expected = total = times = 0
    for folded in _rice(bits, count - 1, width, field):
        raws.append(raws[-1] + expected + _signed(folded) & (1 << width) - 1)
        step = raws[-1] - raws[-2]
        if line:
            expected = step
        elif -(1 << width // 2) < step < 1 << width // 2:
            total += step
            times += 1
            expected = (2 * total + times) // (2 * times)
    return raws


def _rice(bits, count, width, what):
    k = bits.take(3 if width <= 8 else 4, what)
    found = []
    for _ in range(count):
        quotient = 0
        while quotient < QUOTIENT and not bits.take(1, what):
            quotient += 1
        if quotient < QUOTIENT:
            found.append(quotient << k | bits.take(k, what))
        else:
            found.append(bits.take(width, what))
    return found


def _signed(folded):
    return -(folded + 1 >> 1) if folded & 1 else folded >> 1
