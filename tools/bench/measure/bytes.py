"""Bytes an observation of a batch, beside its entropy and beside what other encodings take.

A frame has 24 observations of a regular series; its 13 bytes of LoRaWAN are not counted, its own
header is: number, size, age, interval. Entropy: that of order 0 of the differences from one
observation to the next, over all series together, -sum p log2 p: what an ideal code takes that
knows their distribution, spends nothing on a header or a first value, and learns nothing from one
frame alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from wire import batch, batch_decoding, codec, meaning

from tools.bench.city import series
from tools.bench.measure import Figure

SIZE = 24
INSTALLED = 100_000
"""What a counter has counted before the first of a day: it sends its total."""
MOST_OF_ENTROPY = 1.5
DR0_BYTES = 51
"""The longest FRMPayload of EU868's DR0. Source: RP002-1.0.4, 2.4.6."""
WHERE = "wire table"


@dataclass(frozen=True)
class Kind:
    """observed: as the series are.  sent: as the field has them.  aim: bytes an observation."""

    name: str
    field: str
    interval_s: int
    observed: list[list[int]]
    sent: list[list[int]]
    aim: float | None


def kinds() -> list[Kind]:
    """The three of the aim, and light once an hour, which has none."""
    fills = series.fills()
    lux = series.lux()
    hourly = series.lux(3600)
    counts = series.counts()
    totals = [list(accumulate(day, initial=INSTALLED))[1:] for day in counts]
    return [
        Kind("bin", "fill", 3600, fills, fills, 1.0),
        Kind("lamp", "lux", 600, lux, lux, 1.5),
        Kind("counter", "total", 3600, counts, totals, 1.6),
        Kind("lamp", "lux", 3600, hourly, hourly, None),
    ]


async def measure() -> list[Figure]:
    """A line for each promise."""
    figures: list[Figure] = []
    for kind in kinds():
        figures += _figures(kind)
    return figures


def _figures(kind: Kind) -> list[Figure]:
    every = "hour" if kind.interval_s == 3600 else f"{kind.interval_s // 60} min"
    named = f"{kind.field} each {every}, 24 a frame"
    frames = [frame for one in kind.sent for frame in _frames(one)]
    sizes = [len(pack(kind, frame)) for frame in frames]
    count = SIZE * len(frames)
    entropy = entropy_bits(kind.observed)
    each = sum(sizes) / count
    most = MOST_OF_ENTROPY if kind.aim else None
    other = [frame for one in kind.observed for frame in _frames(one)]
    return [
        Figure(f"{named}: bytes each, of {count:,}", each, "B", kind.aim, where=WHERE),
        Figure(f"{named}: of its entropy, {entropy:.2f} bits", 8 * each / entropy, "x", most,
               where=WHERE),
        Figure(f"{named}: worst frame, each", max(sizes) / SIZE, "B",
               DR0_BYTES / SIZE if kind.aim else None, where=WHERE),
        Figure(f"{named}: Cayenne LPP", _mean(other, cayenne), "B", where=WHERE),
        Figure(f"{named}: a vendor's type and value", _mean(other, typed), "B", where=WHERE),
        Figure(f"{named}: single readings, whole", _single(kind, frames), "B", where=WHERE),
    ]  # fmt: skip


def _frames(one: list[int]) -> list[list[int]]:
    return [one[at : at + SIZE] for at in range(0, len(one) - SIZE + 1, SIZE)]


def pack(kind: Kind, values: list[int]) -> bytes:
    """A batch of one series; proven to come back whole."""
    ages: list[int | None] = [kind.interval_s * at for at in range(len(values) - 1, -1, -1)]
    fport, rows = codec.entry(kind.name)
    data = batch.pack(rows, _records(kind, values), ages, (kind.field,))
    _, found = batch_decoding.unpack(fport + batch.FPORT, data)
    back = [(one["age"], one[kind.field]) for one in reversed(found)]
    if back != list(zip(ages, values, strict=True)):
        raise ValueError(f"{kind.name}: {values} does not come back from {data.hex()}")
    return data


def _records(kind: Kind, values: list[int]) -> list[bytes]:
    usual = meaning.EXAMPLES[kind.name][0]
    flags = dict.fromkeys(("presence", "suspect", "saturated", "low_battery"), 0)
    usual = usual | {name: 0 for name in flags if name in usual}
    return [
        codec.pack(kind.name, usual | {"seq": at, "age": 0, kind.field: value})
        for at, value in enumerate(values)
    ]


def entropy_bits(observed: list[list[int]]) -> float:
    """Of order 0, of the differences, bits each."""
    found = Counter(after - before for one in observed for before, after in pairwise(one))
    count = sum(found.values())
    return -sum(times / count * math.log2(times / count) for times in found.values())


def cayenne(value: int) -> bytes:
    """Channel, type and value: luminosity (or analog input) of 16 bits, else generic of 32 bits.

    Source: myDevices, Cayenne Low Power Payload, data types 2 and 101; type 100 of its extension.
    """
    if value < 1 << 16:
        return bytes([1, 101]) + value.to_bytes(2, "big")
    return bytes([1, 100]) + value.to_bytes(4, "big")


def typed(value: int) -> bytes:
    """A byte of type and 16 bits, as Elsys sends light (4) and pulses (10), else 32 bits (11).

    Source: Elsys, payload description, sensor data types.
    """
    if value < 1 << 16:
        return bytes([4]) + value.to_bytes(2, "big")
    return bytes([11]) + value.to_bytes(4, "big")


def _mean(frames: list[list[int]], encode: Callable[[int], bytes]) -> float:
    sizes = [len(encode(value)) for frame in frames for value in frame]
    return sum(sizes) / len(sizes)


def _single(kind: Kind, frames: list[list[int]]) -> float:
    """Our own readings with all their fields, 24 in a frame."""
    return len(codec.frame(_records(kind, frames[0]))) / SIZE
