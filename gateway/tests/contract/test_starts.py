"""What a new webhook gets first: nothing, the newest values, or all from an instant on."""

import asyncio

import pytest
from msgspec.structs import replace

from gateway import starts
from gateway.clock import rfc3339
from gateway.errors import Refused
from gateway.events import JoinedData, ReadingData, Value
from gateway.model import Device
from gateway.notices import Link
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts
from gateway.usecases import webhooks
from gateway.usecases.webhooks import WebhookRequest

FIRST, SECOND = "70b3d57ed005a001", "70b3d57ed005a002"
HOUR_MS = 3_600_000


@pytest.fixture
async def parts():
    async with Store(source="lamplighter/test") as store:

        def fill(tx):
            for number, eui in enumerate((FIRST, SECOND)):
                tx.add_device(Device(eui, f"bin {number}", "bin", "0" * 16))

        await store.write(fill)
        yield made_parts(store)


def reading(tx, at_ms, eui=FIRST, *names):
    values = tuple(Value(name, 40, "%") for name in names or ("level",))
    tx.put_latest(eui, 1, rfc3339(at_ms), values)
    data = ReadingData(
        dev_eui=eui, device=eui, profile="bin", seq=1, observed_at=rfc3339(at_ms),
        received_at=rfc3339(at_ms), values=values, link=Link(),
    )  # fmt: skip
    tx.append("reading", eui, at_ms, data)


def joined(tx, at_ms, eui=FIRST):
    tx.append("joined", eui, at_ms, JoinedData(dev_eui=eui, device=eui, dev_addr="01020304"))


async def added(parts, **more):
    """A new webhook, and the cursors that are pending for it."""
    made = await webhooks.add(parts, body=WebhookRequest("http://93.184.216.34/", **more))
    rows = await parts.store.read(lambda view: view.deliveries(made.id, limit=1000))
    assert made.pending == len(rows)
    return made, [one.cursor for one in rows]


async def test_it_gets_what_is_kept_from_an_instant_on_and_then_all_that_comes(parts):
    await parts.store.write(lambda tx: [reading(tx, hour * HOUR_MS) for hour in range(10)])

    made, pending = await added(parts, start="since", since=rfc3339(7 * HOUR_MS))
    assert pending == [8, 9, 10]
    _, pending = await added(parts, start="since", since=rfc3339(7 * HOUR_MS + 1))
    assert pending == [9, 10]
    _, pending = await added(parts, start="since", since="1970-01-01T01:00:00+01:00")
    assert pending == list(range(1, 11))
    _, pending = await added(parts, start="since", since="2100-01-01T00:00:00Z")
    assert pending == []
    assert (await added(parts))[1] == []

    await parts.store.write(lambda tx: reading(tx, 11 * HOUR_MS))

    shown = await webhooks.find(parts, made.id)
    assert (shown.totals.pending, shown.disabled_reason) == (4, "")


async def test_what_came_late_from_before_hides_nothing_of_its_past(parts):
    """A network server that was away: time and order of commits differ."""
    for hour in (7, 1, 2, 3, 9):
        await parts.store.write(lambda tx, at_ms=hour * HOUR_MS: reading(tx, at_ms))

    _, pending = await added(parts, start="since", since=rfc3339(7 * HOUR_MS))

    assert {1, 5} <= set(pending)


async def test_nothing_is_lost_or_out_of_order_while_its_past_is_gathered(parts, monkeypatch):
    monkeypatch.setattr(starts, "PAGE", 3)
    await parts.store.write(lambda tx: [reading(tx, hour * HOUR_MS) for hour in range(10)])

    adding = asyncio.create_task(added(parts, start="since", since=rfc3339(0)))
    for hour in range(10, 16):
        await parts.store.write(lambda tx, at_ms=hour * HOUR_MS: reading(tx, at_ms))
    made, _ = await adding

    rows = await parts.store.read(lambda view: view.deliveries(made.id, limit=1000))
    assert [one.cursor for one in rows] == list(range(1, 17))


async def test_one_whose_past_was_not_gathered_to_its_end_says_so(parts, monkeypatch):
    monkeypatch.setattr(starts, "PAGE", 1)
    await parts.store.write(lambda tx: [reading(tx, hour * HOUR_MS) for hour in range(30)])
    adding = asyncio.create_task(added(parts, start="since", since=rfc3339(0)))
    parts.store.on_endpoints(adding.cancel)

    with pytest.raises(asyncio.CancelledError):
        await adding

    (left,) = (await webhooks.find_all(parts)).webhooks
    assert "are being gathered; if this stays, remove it" in left.disabled_reason


async def test_a_snapshot_is_the_readings_that_told_the_newest_values(parts):
    def fill(tx):
        reading(tx, 1000, FIRST, "battery", "level")  # 1: the newest battery
        reading(tx, 2000, FIRST, "level")
        reading(tx, 3000, SECOND, "level")  # 3
        joined(tx, 4000)
        reading(tx, 5000, FIRST, "level")  # 5: the newest level

    await parts.store.write(fill)

    assert (await added(parts, start="latest"))[1] == [1, 3, 5]
    assert (await added(parts, start="latest", properties=["level"]))[1] == [3, 5]
    assert (await added(parts, start="latest", devices=[SECOND.upper()]))[1] == [3]
    made, pending = await added(parts, start="latest", types=["lamplighter.joined.v1"])
    assert pending == []
    await parts.store.write(lambda tx: joined(tx, 6000))
    assert (await webhooks.find(parts, made.id)).totals.pending == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"start": "since"}, "since"),
        ({"since": "2026-01-01T00:00:00Z"}, "since"),
        ({"start": "since", "since": "yesterday"}, "since"),
        ({"start": "since", "since": "2026-01-01T00:00:00"}, "since"),
        ({"types": ["lamplighter.boot.v2"]}, "types"),
        ({"properties": ["level", ""]}, "properties"),
        ({"types": ["lamplighter.missing.v1"], "properties": ["level"]}, "properties"),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_nothing_is_added(parts, more, field):
    with pytest.raises(Refused) as refused:
        await added(parts, **more)

    assert refused.value.field == field
    assert (await webhooks.find_all(parts)).webhooks == []


async def test_a_filter_that_has_matched_nothing_is_said_until_it_does(parts):
    await parts.store.write(lambda tx: reading(tx, 0))
    stranger = "70b3d57ed005ffff"

    made, _ = await added(parts, devices=[FIRST, stranger], properties=["level", "lewel"])

    assert [stranger in made.doubts[0], "'lewel'" in made.doubts[1]] == [True, True]
    assert (await webhooks.find(parts, made.id)).doubts == made.doubts

    def comes(tx):
        tx.add_device(replace(tx.device(FIRST), dev_eui=stranger, name="new"))
        reading(tx, 1000, stranger, "lewel")

    await parts.store.write(comes)

    assert (await webhooks.find(parts, made.id)).doubts == []
