"""Of batches: the section of the page for people, and the vectors that all runtimes agree on."""

import json
import random
from pathlib import Path
from typing import Any

from wire import batch, codec, meaning, schema

Values = dict[str, int | None]
VECTORS = 60

TEMPLATE = Path(__file__).with_suffix(".md")


def markdown() -> list[str]:
    """The lines of the section."""
    text = TEMPLATE.read_text().rstrip()
    facts = {
        "MOST": batch.MOST,
        "FPORT": batch.FPORT,
        "BIN": schema.PAYLOADS["bin"][0] + batch.FPORT,
        "INTERVALS": ", ".join(map(str, batch.INTERVALS_S)),
        "AGE_BITS": batch.AGE_BITS,
        "STEP_BITS": batch.STEP_BITS,
        "QUOTIENT": batch.QUOTIENT,
    }
    for word, value in facts.items():
        text = text.replace(word, str(value))
    (one, *_) = _examples()
    example = f"`{one['hex']}` on port {one['fport']} is `{json.dumps(one['values'])}`"
    return ["", *text.split("\n"), "", example]


def vectors() -> str:
    """Batches with their port, bytes and values, newest first."""
    return "[\n" + ",\n".join(json.dumps(one) for one in _examples()) + "\n]\n"


def _examples() -> list[dict[str, Any]]:
    draw = random.Random(2027)  # noqa: S311 - the same on every machine
    names = [name for name, (fport, _) in schema.PAYLOADS.items() if fport < schema.FIRST_REPORT]
    made = [_regular()]
    for at in range(VECTORS):
        name = names[at % len(names)]
        count = draw.choice((1, 2, 3, 24, batch.MOST))
        made.append(_vector(name, _records(draw, name, count), _ages(draw, count)))
    return made


def _regular() -> dict[str, Any]:
    usual: Values = dict(meaning.EXAMPLES["bin"][0])
    fills = (31, 33, 34, 36, 37, 0)
    records = [usual | {"seq": at, "fill": fill} for at, fill in enumerate(fills)]
    return _vector("bin", records, [600 * at for at in range(5, -1, -1)], ("fill",))


def _ages(draw: random.Random, count: int) -> list[int | None]:
    """Oldest first, whole tens, as both ends tell them."""
    if draw.random() < 0.2:
        return [None] * count
    step_s = draw.choice((60, 600, 3600, 3610, 90000))
    newest_s = draw.choice((0, 10, 655340, 655350, 30 * 86400))
    ages: list[int | None] = [newest_s + step_s * at for at in range(count - 1, -1, -1)]
    if count > 2 and draw.random() < 0.5:
        late = draw.choice((10, 30, 86400))
        ages[0] = newest_s + step_s * (count - 1) + late
    return ages


def _records(draw: random.Random, name: str, count: int) -> list[Values]:
    """Fields that stand still, grow, jump or are absent now and then; oldest first."""
    first_seq = draw.choice((0, 700, 65530))
    records: list[Values] = [{"seq": (first_seq + at) % 65536, "age": 0} for at in range(count)]
    for field, _, low, high, step, optional in codec.fields(schema.PAYLOADS[name][1])[2:]:
        steps = (high - low) // step
        value, way = draw.randint(0, steps), draw.choice((0, 0, 1, 3, steps))
        for record in records:
            value = max(0, min(steps, value + draw.randint(-way, 2 * way)))
            absent = optional and draw.random() < (0.05 if way else 0)
            record[field] = None if absent else low + value * step
    return records


def _vector(
    name: str, records: list[Values], ages_s: list[int | None], kept: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """records, ages_s: oldest first.  kept: as `wire.batch.pack` takes it."""
    fport, rows = codec.entry(name)
    data = batch.pack(rows, [codec.pack(name, one) for one in records], ages_s, kept)
    if kept is not None:
        left_out = [row[0] for row in rows[2:] if row[1] > 1 and row[0] not in kept]
        records = [one | dict.fromkeys(left_out) for one in records]
    told = [one | {"age": age} for one, age in zip(records, ages_s, strict=True)]
    return {
        "name": name,
        "fport": fport + batch.FPORT,
        "hex": data.hex(),
        "values": told[::-1],
    }
