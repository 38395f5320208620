"""Batches from an emulated board: held back, sent together, decoded as the gateway does."""

from __future__ import annotations

import pytest
from wire import batch_decoding, codec, decoding

from tools.bench.world.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
HOUR_S = 3600
HEAP_BYTES = 100_000
STATUS = 23
"""The port on which a node tells of itself, an hour after its start."""


async def test_a_bin_on_its_cell_sends_its_readings_twenty_four_at_a_time(lab: Lab) -> None:
    unit = await lab.add(
        "bin", report_s=600, sample_s=600, batch=24, confirm_every=1, usb=False,
        parts={"a02yyuw": {"distance_mm": 900}},
    )  # fmt: skip
    assert await lab.run(90, lambda: any(one.f_port == 10 for one in unit.of("up")), step_s=5)
    alone = len(unit.of("up"))

    assert await lab.run(
        5 * HOUR_S, lambda: any(one.f_port == 50 for one in unit.of("up")), step_s=60
    )

    uplinks = [one for one in unit.of("up")[alone:] if one.data and one.f_port != STATUS]
    assert [one.f_port for one in uplinks] == [50]
    (frame,) = uplinks
    assert len(frame.data) <= 51
    name, records = batch_decoding.unpack(50, frame.data)
    assert name == "bin"
    assert [one["seq"] for one in reversed(records)] == list(range(1, 25))
    assert all(abs((one["distance"] or 0) - 900) < 5 for one in records)
    assert {one["valid"] for one in records} == {7}
    ages = [one["age"] or 0 for one in records]
    assert all(abs(age - 600 * at) <= 20 for at, age in enumerate(ages))
    await unit.board.usb(True)
    await lab.run(5)
    heap = (await lab.ask(unit, "info"))["heap"]
    print(f"{len(frame.data)} bytes for 24 whole readings, heap {heap}")
    assert heap["peak"] <= HEAP_BYTES


async def test_an_acknowledged_reading_that_left_the_tail_is_sent_again_when_asked_for(
    lab: Lab,
) -> None:
    unit = await lab.add("bin", report_s=60, sample_s=60, confirm_every=1)
    assert await lab.run(3000, lambda: len(unit.of("up")) > 32, step_s=30)
    known = len(unit.of("up"))
    lab.command(
        unit, 32, codec.pack("resend", {"token": 5, "expires": None, "first": 1, "count": 4})
    )

    def came() -> list[int]:
        frames = [one for one in unit.of("up")[known:] if one.f_port == 10]
        seqs = [
            record["seq"] or 0 for one in frames for record in decoding.unpack(10, one.data)[1]
        ]
        return [seq for seq in seqs if seq < 10]

    assert await lab.run(400, lambda: len(came()) >= 4, step_s=10)
    assert sorted(set(came())) == [1, 2, 3, 4]
    answers = [one for one in unit.of("up")[known:] if one.f_port == 21]
    assert decoding.unpack(21, answers[0].data)[1][0]["count"] == 4
