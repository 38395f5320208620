"""Any readings of any payload survive a batch; any bytes are refused, or are a batch."""

from hypothesis import given, settings, strategies
from wire import batch, batch_decoding, codec, schema
from wire.codec import WireError

ONLY = "cpython"
NAMES = [name for name, (fport, _) in schema.PAYLOADS.items() if fport < schema.FIRST_REPORT]


@strategies.composite
def series(draw):
    """(name, values oldest first, ages oldest first, kept)."""
    name = draw(strategies.sampled_from(NAMES))
    count = draw(strategies.integers(1, batch.MOST))
    first = draw(strategies.integers(0, 65535))
    records = [{"seq": first + at & 0xFFFF, "age": 0} for at in range(count)]
    for field, _, low, high, step, optional in codec.entry(name)[1][2:]:
        value = strategies.integers(0, (high - low) // step).map(
            lambda at, low=low, step=step: low + at * step
        )
        if optional:
            value = strategies.none() | value
        if draw(strategies.booleans()):
            found = [draw(value)] * count
        else:
            found = draw(strategies.lists(value, min_size=count, max_size=count))
        for record, one in zip(records, found, strict=True):
            record[field] = one
    steps = draw(
        strategies.lists(
            strategies.sampled_from((0, 10, 600, 600, 3600, 5 * 86400))
            | strategies.integers(0, 9999),
            min_size=count, max_size=count,
        )
    )  # fmt: skip
    ages = [sum(steps[at:]) for at in range(count)]
    if draw(strategies.booleans()):
        ages = [None] * count
    kept = draw(strategies.sampled_from((None, (), tuple(records[0])[2:3])))
    return name, records, ages, kept


@settings(max_examples=300, deadline=None, derandomize=True)
@given(series())
def test_what_goes_in_comes_out(one):
    name, records, ages, kept = one
    fport, rows = codec.entry(name)

    data = batch.pack(rows, [codec.pack(name, values) for values in records], ages, kept)
    told, found = batch_decoding.unpack(fport + batch.FPORT, data)

    assert told == name
    newest = (ages[-1] + 5) // 10 * 10 if ages[-1] is not None else None
    for values, age, back in zip(reversed(records), reversed(ages), found, strict=True):
        for field, bits, *_ in rows[2:]:
            sent = kept is None or bits == 1 or field in kept
            assert back[field] == (values[field] if sent else None), field
        assert back["seq"] == values["seq"]
        if age is None:
            assert back["age"] is None
        else:
            assert back["age"] == newest + (age - ages[-1] + 5) // 10 * 10


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(strategies.sampled_from((50, 51, 52)), strategies.binary(max_size=60))
def test_any_bytes_are_a_batch_or_refused(fport, data):
    try:
        name, records = batch_decoding.unpack(fport, data)
    except WireError as error:
        assert str(error)
        return
    assert 1 <= len(records) <= batch.MOST
    for field, _, low, high, *_ in codec.entry(name)[1][2:]:
        assert all(one[field] is None or low <= one[field] <= high for one in records)
