"""What arrives where frames are lost and no downlink comes, and what it costs on air.

A bin with `repeat` has readings again inside its frames, which get longer, not more. Beside it is
the airtime of the same readings alone, and of asking for each that is lost until it is there: each
gap by a `resend` that the node answers by an `applied` report, calculated from the same sizes with
frames that are lost alike. Airtime is the node's; downlinks are counted beside it.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from statistics import fmean
from typing import Any

from tools.bench.outage import loss

# isort: split
from lorawan.frame import time_on_air_us
from wire.batch import FPORT
from wire.codec import fields, size
from wire.schema import PAYLOADS

from tools.bench.measure import Figure

LONG = True
REPEAT = 6
BINS = 60
"""Of 14 days: 20 160 readings."""
SEEDS = range(1, 6)
LEAST = {30: 99.9, 40: 99.0}
"""{per cent of frames lost: per cent of readings that arrive at least}."""
BURST = 3
"""Frames lost in a row, in the mean, where losses come in bursts."""
OVERHEAD = 13
"""MHDR, DevAddr, FCtrl, FCnt, FPort, MIC."""
FACTORS = (7, 12)
WHERE = "outbox, gateway"


async def measure() -> list[Figure]:
    """Shares of the worst seed; airtime at SF7 and SF12, 125 kHz."""
    # a loop runs here, and the sender has its own
    return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="lamplighter-parity-") as folder:
        sent = loss.frames(Path(folder) / "again", REPEAT, BINS)
        alone = loss.frames(Path(folder) / "alone", 0, BINS)
    decoded: dict[bytes, list[Any]] = {}
    figures: list[Figure] = []
    for percent, least in LEAST.items():
        chance = 1 / (1 - percent / 100)
        figures += [
            _share(sent, percent, chance, decoded, least),
            _share(alone, percent, chance, decoded),
            _share(sent, percent, BURST, decoded),
        ]
    figures.append(_bytes("alone", alone))
    figures.append(_bytes(f"repeat {REPEAT}", sent))
    for sf in FACTORS:
        figures += airtime(sf, alone, sent)
    return figures + [
        Figure(
            f"downlinks for resends at {percent} % lost, of 1000 readings",
            1000 * _gaps(percent), "", where="calculated",
        )
        for percent in LEAST
    ]  # fmt: skip


def _share(
    sent: loss.Frames, percent: int, burst: float, decoded: dict[bytes, list[Any]],
    least: float | None = None,
) -> Figure:  # fmt: skip
    """The worst of all seeds."""
    shares = [
        loss.arrived(sent, loss.lost(len(sent), percent / 100, burst, seed), decoded) / len(sent)
        for seed in SEEDS
    ]
    how = f"in bursts of {burst:.0f}" if burst == BURST else "by chance"
    what = "repeat" if sent[-1][0] >= FPORT else "alone"
    return Figure(
        f"{what}, {percent} % lost {how}: of {len(sent):,}, {len(shares)} seeds",
        100 * min(shares), "%", least, least=True, where=WHERE,
    )  # fmt: skip


def _bytes(what: str, sent: loss.Frames) -> Figure:
    mean = fmean(len(data) for _, data in sent)
    return Figure(f"{what}: bytes of a frame", mean, "B", where=WHERE)


def airtime(sf: int, alone: loss.Frames, sent: loss.Frames) -> list[Figure]:
    """Of a reading, in per cent of one that goes alone and is not lost."""

    def air_ms(length: int) -> float:
        return time_on_air_us(sf, 125_000, OVERHEAD + length) / 1000

    once_ms = fmean(air_ms(len(data)) for _, data in alone)
    again_ms = fmean(air_ms(len(data)) for _, data in sent)
    answer_ms = air_ms(1 + size(fields(PAYLOADS["applied"][1])))
    found = [
        Figure(f"SF{sf}: airtime of a reading alone", once_ms, "ms", where="calculated"),
        Figure(
            f"SF{sf}: with repeat {REPEAT}, of that", again_ms / once_ms, "x", where="calculated"
        ),
    ]
    for percent in LEAST:
        gone = percent / 100
        # until it is there: the reading, and for each gap the answer to its request
        needed_ms = (once_ms + _gaps(percent) * answer_ms) / (1 - gone)
        found.append(
            Figure(f"SF{sf}: by resends at {percent} % lost, of that", needed_ms / once_ms, "x",
                   where="calculated")
        )  # fmt: skip
    return found


def _gaps(percent: int) -> float:
    """Of a reading: how many begin with it, each asked for by one `resend`."""
    gone = percent / 100
    return gone * (1 - gone)
