"""What a device measured over time: pages, statistics and CSV, and events by time and property."""

import csv
import io
from typing import Any

import pytest
from msgspec.structs import asdict

from gateway import csv_text
from gateway.clock import parse_ms, rfc3339
from gateway.errors import Refused
from gateway.events import JoinedData, ReadingData, Value
from gateway.model import Device
from gateway.notices import Link
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts
from gateway.usecases import events, series
from gateway.usecases.events import EventsQuery
from gateway.usecases.series import SeriesQuery, SeriesRange

BIN, OTHER = "70b3d57ed005a001", "70b3d57ed005a002"
DAY = parse_ms("2026-03-28T00:00:00Z")
MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
async def parts():
    async with Store(source="lamplighter/test") as store:
        await store.write(lambda tx: tx.add_device(Device(BIN, "bin 1", "bin", "0" * 16)))
        yield made_parts(store)


def reading(at_ms, *values, received_ms=None, eui=BIN):
    """A change that stores a reading. values: of `level`, or Values."""
    told = tuple(one if isinstance(one, Value) else Value("level", one, "%") for one in values)
    came_ms = received_ms or at_ms
    data = ReadingData(
        dev_eui=eui, device=eui, profile="bin", seq=1, observed_at=rfc3339(at_ms),
        received_at=rfc3339(came_ms), values=told, link=Link(),
    )  # fmt: skip

    def change(tx):
        tx.put_latest(eui, 1, rfc3339(at_ms), told)
        return tx.append("reading", eui, came_ms, data)

    return change


async def told(parts, *changes):
    for change in changes:
        await parts.store.write(change)


async def shown(parts, **query: Any):
    return await series.page(parts, BIN, query=SeriesQuery(**query))


async def pages(parts, **query: Any):
    """All pages, each as (values, spans)."""
    found, after = [], ""
    while True:
        page = await shown(parts, **query, after=after)
        found.append(page.values or page.spans)
        if not page.more:
            return found
        assert page.next != after
        after = page.next


async def test_values_are_given_page_by_page_and_go_on_where_the_last_one_ended(parts):
    await told(parts, *(reading(DAY + n * MINUTE, n) for n in range(5)))

    found = await pages(parts, limit=2)
    last = await shown(parts, limit=100)
    await told(parts, reading(DAY - HOUR, 7))
    later = await shown(parts, after=last.next)

    assert [[one.value for one in page] for page in found] == [[0, 1], [2, 3], [4]]
    assert [one.value for one in later.values] == [7]


async def test_a_range_holds_what_was_measured_in_it_however_late_it_came(parts):
    """Of a network server that was away, a later event tells of an earlier instant."""
    await told(
        parts,
        reading(DAY + 10 * HOUR, 10),
        reading(DAY + HOUR, 1, received_ms=DAY + 11 * HOUR),
        reading(DAY + 2 * HOUR, 2),
        reading(DAY + 12 * HOUR, 12),
    )

    found = await shown(parts, since=rfc3339(DAY + HOUR), until=rfc3339(DAY + 10 * HOUR))

    assert [one.value for one in found.values] == [1, 2]


async def test_a_quarter_tells_what_its_sound_values_were(parts):
    flagged = Value("level", 99, "%", ("suspect",))
    word = Value("state", "=open", "1")
    await told(
        parts,
        reading(DAY + 14 * MINUTE, 0.2, word),
        reading(DAY + 15 * MINUTE, 5),
        reading(DAY + MINUTE, 0.1, received_ms=DAY + HOUR),
        reading(DAY + 2 * MINUTE, flagged, Value("level", None, "%", ("suspect",))),
    )

    found = await shown(parts, step="15min", property="level")

    assert [asdict(one) for one in found.spans] == [
        {
            "since_at": rfc3339(DAY), "until_at": rfc3339(DAY + 15 * MINUTE),
            "property": "level", "unit": "%", "count": 2, "mean": 0.15, "low": 0.1, "high": 0.2,
            "last": 0.2, "doubtful": 2,
        },
        {
            "since_at": rfc3339(DAY + 15 * MINUTE), "until_at": rfc3339(DAY + 30 * MINUTE),
            "property": "level", "unit": "%", "count": 1, "mean": 5.0, "low": 5, "high": 5,
            "last": 5, "doubtful": 0,
        },
    ]  # fmt: skip
    words = await shown(parts, step="15min", property="state")
    assert [(one.count, one.mean, one.doubtful) for one in words.spans] == [(0, None, 1)]


async def test_a_day_begins_at_the_midnight_of_its_zone(parts):
    """On 29 March 2026 a day in Paris has 23 hours."""
    await told(parts, *(reading(DAY + n * HOUR, n) for n in range(72)))

    found = await shown(parts, step="day", zone="Europe/Paris")

    assert [(one.since_at, one.count) for one in found.spans] == [
        ("2026-03-27T23:00:00.000Z", 23),
        ("2026-03-28T23:00:00.000Z", 23),
        ("2026-03-29T22:00:00.000Z", 24),
        ("2026-03-30T22:00:00.000Z", 2),
    ]
    assert [one.count for one in (await shown(parts, step="day")).spans] == [24, 24, 24]


async def test_pages_of_spans_say_the_same_as_one(parts):
    await told(parts, *(reading(DAY + n * 7 * MINUTE, n) for n in reversed(range(300))))

    whole = await shown(parts, step="15min", limit=1000)
    found = await pages(parts, step="15min", limit=7)

    assert [one for page in found for one in page] == whole.spans
    assert max(map(len, found)) == 7
    assert sum(one.count for one in whole.spans) == 300


async def test_the_table_is_the_whole_series_and_a_spreadsheet_computes_no_text(
    parts, monkeypatch
):
    monkeypatch.setattr(series, "CSV_PAGE", 2)
    word = Value("=cmd|' /C calc'!A0", "@SUM(1)", "+1")
    await told(parts, *(reading(DAY + n * MINUTE, -n, word) for n in range(5)))

    async def lines(**query: Any):
        pieces = await series.table(parts, BIN, query=SeriesRange(**query))
        text = b"".join([piece async for piece in pieces]).decode()
        return list(csv.reader(io.StringIO(text)))

    head, first, second, *more = await lines()
    assert head == ["at", "property", "value", "unit", "quality", "event_id"]
    assert first[:5] == [rfc3339(DAY), "level", "0", "%", "ok"]
    assert second[1:5] == ["'=cmd|' /C calc'!A0", "'@SUM(1)", "'+1", "ok"]
    assert [one[2] for one in more if one[1] == "level"] == ["-1", "-2", "-3", "-4"]
    spans = await lines(step="day", property="level")
    assert [one[4:9] for one in spans] == [
        ["count", "mean", "low", "high", "last"], ["5", "-2.0", "-4", "0", "-4"]
    ]  # fmt: skip


@pytest.mark.parametrize("begins", csv_text.COMPUTED)
def test_text_that_a_spreadsheet_computes_gets_an_apostrophe(begins):
    [[text, number, nothing]] = csv.reader(
        io.StringIO(csv_text.rows([[begins + "1", -1, None]]).decode(), newline="")
    )

    assert (text, number, nothing) == (f"'{begins}1", "-1", "")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-01-01"}, "until"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z"}, "until"),
        ({"step": "day", "zone": "Europe/Nowhere"}, "zone"),
        ({"step": "day", "zone": "../etc/passwd"}, "zone"),
        ({"after": "x"}, "after"),
        ({"after": "٣"}, "after"),
        ({"after": "7", "step": "day"}, "after"),
    ],
)
async def test_what_cannot_be_meant_is_refused(parts, query, field):
    with pytest.raises(Refused) as refused:
        await shown(parts, **query)

    assert refused.value.field == field


async def test_a_property_that_nothing_told_is_said(parts):
    await told(parts, reading(DAY, 1))

    said = (await shown(parts, property="lewel")).doubts
    events_said = (await events.page(parts, query=EventsQuery(property="lewel"))).doubts

    assert ["'lewel'" in one for one in (*said, *events_said)] == [True, True]
    assert (await shown(parts, property="level")).doubts == []


async def test_events_are_found_by_time_and_property_without_a_hole(parts, monkeypatch):
    monkeypatch.setattr(events, "CHUNK", 3)
    monkeypatch.setattr(events, "LOOKED", 6)
    joined = JoinedData(dev_eui=OTHER, device="x", dev_addr="01020304")
    changes = [reading(DAY + n * HOUR, Value("battery" if n % 8 == 7 else "level", n, "%"))
               for n in range(24)]  # fmt: skip
    late = reading(DAY + 5 * HOUR, Value("battery", 5, "%"), received_ms=DAY + 5 * HOUR)
    await told(parts, lambda tx: tx.append("joined", OTHER, DAY, joined), *changes, late)

    async def numbers(**query: Any):
        found, after = [], 0
        while True:
            page = await events.page(parts, query=EventsQuery(after=after, **query))
            found += [int(one.time[11:13]) for one in page.events]
            if not page.more:
                return found
            assert page.next > after
            after = page.next

    since, until = rfc3339(DAY + 5 * HOUR), rfc3339(DAY + 23 * HOUR)
    assert await numbers(property="battery") == [7, 15, 23, 5]
    assert await numbers(property="battery", since=since, until=until) == [7, 15, 5]
    assert await numbers(since=since, limit=2) == [*range(5, 24), 5]
    assert await numbers(since=since, limit=1) == [*range(5, 24), 5]
    assert await numbers(kind="joined", until=since) == [0]
    with pytest.raises(Refused):
        await events.page(parts, query=EventsQuery(last=5, property="level"))
