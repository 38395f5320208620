"""Batches in JavaScript: the same values and the same refusals as in Python."""

import json
import random
from typing import Any

from wire import batch_decoding
from wire.codec import WireError

from tools import generate
from tools.tests.test_generate import run, told

VECTORS = json.loads((generate.GENERATED / "batches.json").read_text())


def python(fport: int, data: bytes) -> dict[str, Any]:
    """What the JavaScript codec must answer."""
    try:
        name, records = batch_decoding.unpack(fport, data)
    except WireError as error:
        return {"errors": [str(error)]}
    newest, *older = [told(values) for values in records]
    return {"data": newest | {"payload": name} | ({"older": older} if older else {})}


def hostile() -> list[tuple[int, bytes]]:
    """Golden batches cut, with bits turned and with bytes behind them, and bytes by chance."""
    draw = random.Random(7)
    made = [(draw.choice((49, 50, 51, 52, 60)), draw.randbytes(at % 52)) for at in range(600)]
    for one in VECTORS:
        data = bytes.fromhex(one["hex"])
        turned = bytearray(data)
        turned[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        made += [
            (one["fport"], data[: draw.randrange(len(data))]),
            (one["fport"], bytes(turned)),
            (one["fport"], data + draw.randbytes(3)),
        ]
    return made


def test_golden_and_hostile_batches_read_alike_in_both_languages():
    frames = [(one["fport"], bytes.fromhex(one["hex"])) for one in VECTORS] + hostile()

    results = run([("decodeUplink", {"bytes": list(data), "fPort": at}) for at, data in frames])

    read = 0
    for (fport, data), result in zip(frames, results, strict=True):
        assert result == python(fport, data), data.hex()
        read += "data" in result
    assert read > 2 * len(VECTORS)
    assert len(frames) - read > 200
