"""Many readings of one kind in one frame: each field a column of differences, Rice-coded.

The way back is `wire.batch_decoding`, which no board carries; the form bit by bit is in
`gateway/generated/payloads.md`. Integers only. Fields are read from the bytes of their records:
nothing is rounded or clipped that a single reading does not round.

Source: Golomb, Run-length encodings (1966); Rice, JPL Publication 79-22: parameter k, quotient in
unary, remainder in k bits; the escape of a long quotient as in ITU-T T.87 (JPEG-LS), A.5.3.
"""

FPORT = 40
"""A batch has the port of its readings and this."""

MOST = 32
"""Readings that a batch may have: their number has 5 bits."""

INTERVALS_S = (60, 300, 600, 900, 1800, 3600, 86400)
"""Intervals with a code of 3 bits; the code after them is followed by 14 bits, of 10 s each."""

QUOTIENT = 6
"""A quotient from here on is an escape: so many zeros, then the difference in full."""

AGE_BITS = 22
"""Of the newest reading's age, of 10 s each: 485 days."""

STEP_BITS = 20
"""Of an irregular step from one reading to the next, of 10 s each."""


_ABSENT = b"\xff\xff\xff\xff"
"""Behind a record that ends before its last fields: 4 bytes are the most that a table grew by."""


class Bits:
    """Bits to bytes, the highest first."""

    def __init__(self):
        self._out = bytearray()
        self._acc = self._held = 0

    def put(self, value: int, width: int) -> None:
        """A value of so many bits."""
        acc = self._acc << width | value
        held = self._held + width
        while held >= 8:
            held -= 8
            self._out.append(acc >> held & 255)
        self._acc = acc & (1 << held) - 1
        self._held = held

    def end(self) -> bytes:
        """All of them; the rest of the last byte is ones."""
        if self._held:
            spare = 8 - self._held
            self.put((1 << spare) - 1, spare)
        return bytes(self._out)


def together(ages_s: "list[int | None]") -> int:
    """How many of the first of these readings one batch can have, by their ages, oldest first.

    Either all of them are known, and never grow, or none is.
    """
    for at in range(1, len(ages_s)):
        before, now = ages_s[at - 1], ages_s[at]
        if before is None and now is None:
            continue
        if before is None or now is None or not 0 <= before - now < 10 << STEP_BITS - 1:
            return at
    return min(len(ages_s), MOST)


def pack(
    rows: "list[tuple[str, int, int, int, int, bool]]",
    records: "list[bytes]",
    ages_s: "list[int | None]",
    kept: "tuple[str, ...] | None" = None,
) -> bytes:
    """A batch of consecutive readings, `together`, oldest first.

    rows: fields of the payload, as `wire.codec.entry` gives them.  records: as `wire.codec.pack`
    makes them.  ages_s: their ages, s or None.  kept: the fields that are sent, with all flags of
    one bit; None: every field.
    """
    records = [one + _ABSENT for one in records]
    bits = Bits()
    bits.put(records[-1][0] << 8 | records[-1][1], 16)
    bits.put(len(records) - 1, 5)
    _put_ages(bits, ages_s)
    at = 32
    resting = 0  # columns; at the end they take nothing
    for name, width, _, _, _, optional in rows[2:]:
        column = [_raw(one, at, width) for one in records]
        at += width
        first = column[0]
        left_out = kept is not None and width > 1 and name not in kept
        rest = 0 if width == 1 else (1 << width) - 1 if optional else -1
        if left_out or (first == rest and min(column) == max(column)):
            resting += 1
            continue
        bits.put((1 << 2 * resting) - 1, 2 * resting)
        resting = 0
        _put_column(bits, column, width)
    return bits.end()


def _raw(record, at, width):
    return int.from_bytes(record, "big") >> 8 * len(record) - at - width & (1 << width) - 1


def _put_ages(bits, ages_s):
    """The newest age; then the interval, and the steps where one differs from it."""
    newest = ages_s[-1]
    if newest is None:
        bits.put((1 << 1 + AGE_BITS) - 1, 1 + AGE_BITS)
        return
    age = min((newest + 5) // 10, (1 << AGE_BITS) - 2)
    bits.put(1 << AGE_BITS | age if age else 0, 1 + AGE_BITS if age else 1)
    since = [(age_s - newest + 5) // 10 for age_s in ages_s]
    steps = [since[at] - since[at + 1] for at in range(len(since) - 1)]
    if not steps:
        return
    usual = min(max([(steps.count(step), step) for step in steps])[1], (1 << 14) - 1)
    if usual * 10 in INTERVALS_S:
        bits.put(INTERVALS_S.index(usual * 10), 3)
    else:
        bits.put(7 << 14 | usual, 17)
    found = [_folded(step - usual, STEP_BITS) for step in steps]
    bits.put(int(not any(found)), 1)
    if any(found):
        _put_rice(bits, found, STEP_BITS)


def _put_column(bits, column, width):
    if min(column) == max(column):
        bits.put(2, 2)
        _put_first(bits, column[0], width)
        return
    bits.put(0, 1)
    _put_first(bits, column[0], width)
    both = [differences(column, width, line) for line in (False, True)]
    line = _cheapest(both[1], width)[0] < _cheapest(both[0], width)[0]
    bits.put(int(line), 1)
    _put_rice(bits, both[line], width)


def _put_first(bits, value, width):
    """Wide fields without their leading zeros, in steps of 4 bits."""
    if width >= 16:
        nibbles = 0
        while value >> 4 * nibbles:
            nibbles += 1
        bits.put(nibbles, 4)
        width = 4 * nibbles
    bits.put(value, width)


def _put_rice(bits, found, width):
    k = _cheapest(found, width)[1]
    bits.put(k, 3 if width <= 8 else 4)
    for value in found:
        if value >> k < QUOTIENT:
            bits.put(1 << k | value & (1 << k) - 1, (value >> k) + 1 + k)
        else:
            bits.put(value, QUOTIENT + width)


def _cheapest(found, width):
    """(bits, k) of the parameter that takes the fewest."""
    best = 1 << 30, 0
    for k in range(8 if width <= 8 else 16):
        size = 0
        for value in found:
            quotient = value >> k
            size += quotient + 1 + k if quotient < QUOTIENT else QUOTIENT + width
        best = min(best, (size, k))
    return best


def differences(column: "list[int]", width: int, line: bool) -> "list[int]":
    """The steps from each value to the next, less what was expected; 0, -1, 1 are told as 0, 1, 2.

    line: the expected step is the one before; otherwise the mean of all before it that are less
    than 2 ** (width // 2), which an emptied bin is not. Modulo 2 ** width.
    """
    found = []
    expected = total = times = 0
    for at in range(1, len(column)):
        step = column[at] - column[at - 1]
        found.append(_folded(step - expected, width))
        if line:
            expected = step
        elif -(1 << width // 2) < step < 1 << width // 2:
            total += step
            times += 1
            expected = (2 * total + times) // (2 * times)
    return found


def _folded(difference, width):
    value = difference & (1 << width) - 1
    return (1 << width + 1) - 1 - 2 * value if value >> width - 1 else 2 * value
