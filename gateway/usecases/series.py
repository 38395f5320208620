"""What a device measured over time, by pages or whole as CSV."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from msgspec import Struct
from msgspec.structs import fields, replace

from gateway import csv_text, series
from gateway.clock import Instant, rfc3339
from gateway.doubts import doubts
from gateway.errors import Refused, Unknown
from gateway.events import Entry
from gateway.filters import Filter
from gateway.series import Measured, Spanning, Spans, Statistics, Wanted
from gateway.store import View
from gateway.usecases import Limit, Parts, instant_ms, one_of, span_ms

CHUNK = 500
"""Readings of one look at the store."""
LOOKED = 20_000
"""Readings that are looked at for one page of values."""
CSV_PAGE = 1000


class SeriesRange(Struct):
    """Which values.

    step: `raw`: each, in the order in which they came; `15min`, `day`: statistics, by time.
    property: empty is every one.  since, until: when they were measured, RFC 3339; empty: from the
    first, to the last; until is not among them.  zone: IANA name, whose midnight begins a day.
    """

    step: Annotated[str, one_of("raw", "15min", "day")] = "raw"
    property: str = ""
    since: Instant = ""
    until: Instant = ""
    zone: str = "UTC"


class SeriesQuery(SeriesRange):
    """Which values, and how many.

    after: the `next` of the page before.  limit: readings, or spans.
    """

    after: str = ""
    limit: Limit = 100


class Series(Struct):
    """A page of values or of statistics; the other list is empty.

    next: `after` of the page that begins behind these.  more: that page is not empty for sure, or
    not yet looked at.  doubts: what of the request matched nothing so far, one sentence each.
    """

    dev_eui: str
    step: str
    values: list[Measured]
    spans: list[Statistics]
    next: str
    more: bool
    doubts: list[str]


async def page(parts: Parts, dev_eui: str, *, query: SeriesQuery) -> Series:
    """What a device measured: values one by one, or statistics of quarters of an hour or days."""
    eui, wanted, spanning = await _asked(parts, dev_eui, query)
    told = Filter(devices=(eui,), properties=(query.property,) * bool(query.property))
    made = Series(eui, query.step, [], [], query.after, more=False, doubts=[])
    made.doubts = await parts.store.read(lambda view: doubts(view, told))
    await (_spans(parts, made, query, wanted, spanning) if spanning else
           _values(parts, made, query, wanted))  # fmt: skip
    return made


async def table(parts: Parts, dev_eui: str, *, query: SeriesRange) -> AsyncGenerator[bytes, None]:
    """Begin the whole series as CSV; gives its pieces. Raises Refused and Unknown."""
    await _asked(parts, dev_eui, query)
    return _rows(parts, dev_eui, SeriesQuery(**_of(query), limit=CSV_PAGE))


def _of(query: SeriesRange) -> dict[str, str]:
    return {one.name: getattr(query, one.name) for one in fields(SeriesRange)}


async def _rows(parts: Parts, dev_eui: str, query: SeriesQuery) -> AsyncGenerator[bytes, None]:
    names = [one.name for one in fields(Measured if query.step == "raw" else Statistics)]
    yield csv_text.rows([names])
    while True:
        found = await page(parts, dev_eui, query=query)
        if found.values or found.spans:
            shown = (*found.values, *found.spans)
            yield csv_text.rows([getattr(one, name) for name in names] for one in shown)
        if not found.more:
            return
        query = replace(query, after=found.next)


async def _asked(
    parts: Parts, dev_eui: str, query: SeriesRange
) -> tuple[str, Wanted, Spanning | None]:
    """Whose values are wanted, which, and over what. Raises Refused and Unknown."""
    eui = dev_eui.lower()
    known = await parts.store.read(
        lambda view: view.device(eui) or view.events(limit=1, subject=eui)
    )
    if not known:
        raise Unknown(f"there is no device {dev_eui}; `lamplighter device list` shows them")
    spanning = {"raw": None, "15min": series.quarters, "day": series.days(query.zone)}
    return eui, Wanted(query.property, *span_ms(query.since, query.until)), spanning[query.step]


async def _values(parts: Parts, made: Series, query: SeriesQuery, wanted: Wanted) -> None:
    after = await _begin(parts, wanted, _cursor(query.after) if query.after else 0)
    readings = looked = 0
    made.more = True
    while looked < LOOKED:
        found = await _chunk(parts, made.dev_eui, after)
        for entry in found:
            values = wanted.of(entry)
            made.values += values
            readings += bool(values)
            after = entry.cursor
            if readings == query.limit:
                made.next = str(after)
                return
        looked += CHUNK
        if len(found) < CHUNK:
            made.more = False
            break
    made.next = str(after)


def _cursor(text: str) -> int:
    if text.isdecimal() and text.isascii() and len(text) < 19:
        return int(text)
    raise Refused(f"`after` is {text[:50]!r}: give the `next` of the page before", "after")


async def _spans(
    parts: Parts, made: Series, query: SeriesQuery, wanted: Wanted, spanning: Spanning
) -> None:
    if query.after:
        since_ms = max(instant_ms(query.after, "after"), wanted.since_ms)
        wanted = replace(wanted, since_ms=since_ms)
    gathered = Spans(spanning, query.limit)
    after = await _begin(parts, wanted, 0)
    while found := await _chunk(parts, made.dev_eui, after):
        for entry in found:
            gathered.add(wanted.of(entry))
        after = found[-1].cursor
        await asyncio.sleep(0)
    made.spans, end_ms = gathered.end()
    made.more = gathered.more
    made.next = rfc3339(end_ms) if end_ms else query.after


async def _begin(parts: Parts, wanted: Wanted, after: int) -> int:
    """The cursor behind which to look."""

    def cursor(view: View) -> int:
        return view.cursor_before(wanted.earliest_ms()) if wanted.since_ms > 0 else 0

    return after or await parts.store.read(cursor)


async def _chunk(parts: Parts, eui: str, after: int) -> list[Entry]:
    return await parts.store.read(lambda view: view.events(after, CHUNK, "reading", eui))
