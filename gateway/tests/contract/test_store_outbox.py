"""One suite over every store: endpoints and the deliveries to them."""

import asyncio
from collections import Counter

import msgspec
import pytest
from msgspec.structs import replace

from gateway.errors import Refused, Unknown
from gateway.events import Event, ReadingData, Value
from gateway.model import Attempt, Endpoint, Totals
from gateway.notices import Link
from gateway.store import ATTEMPTS_MOST
from gateway.tests.contract.store_bench import HOOK, joined


async def test_an_event_and_its_deliveries_come_together(store):
    other = Endpoint(id="h2", url="http://y/", secret="s", types=("lamplighter.reading.v1",))
    off = Endpoint(id="h3", url="http://z/", secret="s", disabled_reason="410")
    for endpoint in (HOOK, other, off):
        await store.write(lambda tx, endpoint=endpoint: tx.add_endpoint(endpoint))

    event = await store.write(joined)

    due = await store.read(lambda view: view.due_deliveries("h1", 0))
    assert [(one.cursor, one.event_id, one.type, one.subject, one.state) for one in due] == [
        (1, event.id, event.type, "a1", "pending")
    ]
    assert msgspec.json.decode(due[0].body, type=Event).id == event.id
    assert await store.read(lambda view: [view.totals(one) for one in ("h1", "h2", "h3")]) == [
        Totals(matched=1, pending=1), Totals(), Totals(),
    ]  # fmt: skip


async def test_an_event_waits_for_the_earlier_one_of_its_device_and_for_nothing_else(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "a1", "b2")])
    first, second = await store.read(lambda view: view.due_deliveries("h1", 0))
    assert [first.cursor, second.cursor] == [1, 3]

    await store.write(lambda tx: tx.put_delivery(replace(first, attempts=1, next_at_ms=500)))
    await store.write(lambda tx: tx.put_delivery(replace(second, state="delivered", attempts=1)))

    assert await store.read(lambda view: view.due_deliveries("h1", 499)) == []
    assert await store.read(lambda view: view.next_delivery_at_ms("h1")) == 500
    (again,) = await store.read(lambda view: view.due_deliveries("h1", 500))
    assert (again.cursor, again.attempts) == (1, 1)
    await store.write(lambda tx: tx.put_delivery(replace(again, state="dead", note="HTTP 400")))
    assert [
        one.cursor for one in await store.read(lambda view: view.due_deliveries("h1", 500))
    ] == [2]
    (dead,) = await store.read(lambda view: view.deliveries("h1", state="dead"))
    assert (dead.cursor, dead.note, dead.body) == (1, "HTTP 400", first.body)
    (marked,) = await store.read(lambda view: view.deliveries(event_id=second.event_id))
    assert marked.state == "delivered"


async def test_a_device_gives_several_events_up_to_the_first_that_is_not_due(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "b2", "a1", "a1", "b2", "a1")])

    async def cursors(now_ms, **asked):
        due = await store.read(lambda view: view.due_deliveries("h1", now_ms, **asked))
        return [one.cursor for one in due]

    assert await cursors(0, each=3) == [1, 3, 4, 2, 5]
    assert await cursors(0, each=3, limit=1) == [1, 3, 4]
    third = (await store.read(lambda view: view.due_deliveries("h1", 0, each=3)))[2]
    await store.write(lambda tx: tx.put_delivery(replace(third, attempts=1, next_at_ms=500)))
    assert await cursors(499, each=9) == [1, 3, 2, 5]
    assert await cursors(500, each=9) == [1, 3, 4, 6, 2, 5]


async def test_what_a_worker_claimed_no_other_gets_until_the_lease_ends(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "a1", "b2", "a1")])

    async def claim(worker, now_ms, **asked):
        until_ms = now_ms + 100
        got = await store.write(lambda tx: tx.claim("h1", worker, now_ms, until_ms, **asked))
        assert all((one.worker, one.until_ms) == (worker, until_ms) for one in got)
        return [one.cursor for one in got]

    assert await claim("one", 0, limit=1, each=2) == [1, 2]
    assert await claim("two", 0, each=9) == [3]
    assert await claim("two", 99) == []
    assert await store.read(lambda view: view.due_deliveries("h1", 99)) == []
    assert await claim("two", 100, limit=1, each=9, without={"a1"}) == [3]
    assert await claim("two", 100, each=9) == [1, 2, 4]


async def test_a_mark_that_comes_after_the_lease_changes_nothing_of_another(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(joined)
    [late] = await store.write(lambda tx: tx.claim("h1", "late", 0, 100))
    [taken] = await store.write(lambda tx: tx.claim("h1", "next", 100, 200))

    async def mark(was, **outcome):
        return await store.write(lambda tx: tx.mark(was, replace(was, attempts=1, **outcome)))

    assert not await mark(late, state="dead", note="too late")
    assert await mark(taken, next_at_ms=900, note="500")
    assert not await mark(late, state="delivered")
    assert not await mark(taken, state="delivered")
    [again] = await store.write(lambda tx: tx.claim("h1", "late", 900, 1000))
    assert (again.attempts, again.note, again.next_at_ms) == (1, "500", 900)
    assert not await mark(late, state="delivered")  # its own claim of now is another attempt
    assert await mark(again, state="delivered")
    assert not await mark(again, state="delivered")
    assert await store.read(lambda view: view.totals("h1")) == Totals(matched=1, delivered=1)


async def test_a_mark_ends_the_claim_and_leaves_what_was_withdrawn(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, "a1"), joined(tx, "b2")])
    one, two = await store.write(lambda tx: tx.claim("h1", "w", 0, 9000))

    assert await store.write(lambda tx: tx.mark(one, replace(one, attempts=1)))
    [free] = await store.read(lambda view: view.due_deliveries("h1", 0))
    assert (free.cursor, free.worker, free.until_ms) == (1, "", 0)
    await store.write(lambda tx: tx.remove_endpoint("h1"))
    assert not await store.write(lambda tx: tx.mark(two, replace(two, state="delivered")))
    assert await store.read(lambda view: view.totals("h1")) == Totals(matched=2, withdrawn=2)


async def test_the_sum_of_a_webhook_holds_to_its_end(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "b2", "c3", "d4")])
    due = await store.read(lambda view: view.due_deliveries("h1", 0))
    await store.write(lambda tx: tx.put_delivery(replace(due[0], state="delivered")))
    await store.write(lambda tx: tx.put_delivery(replace(due[1], state="dead")))
    assert await store.read(lambda view: view.totals("h1")) == Totals(
        matched=4, delivered=1, pending=2, dead=1
    )

    await store.write(lambda tx: tx.remove_endpoint("h1"))
    await store.write(lambda tx: tx.put_delivery(replace(due[2], state="delivered")))
    await store.write(joined)

    assert await store.read(lambda view: view.totals("h1")) == Totals(
        matched=4, delivered=1, withdrawn=3
    )
    assert await store.read(lambda view: (view.endpoint("h1"), view.endpoints())) == (None, [])
    for change in (
        lambda tx: tx.remove_endpoint("h1"),
        lambda tx: tx.put_endpoint(HOOK),
        lambda tx: tx.put_delivery(replace(due[0], cursor=99)),
    ):
        with pytest.raises(Unknown):
            await store.write(change)
    with pytest.raises(Refused):
        await store.write(lambda tx: tx.add_endpoint(HOOK))


async def test_what_waits_after_a_failure_can_be_hastened(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "b2", "c3")])
    one, two, _ = await store.read(lambda view: view.due_deliveries("h1", 0))
    await store.write(lambda tx: tx.put_delivery(replace(one, attempts=1, next_at_ms=9000)))
    await store.write(lambda tx: tx.put_delivery(replace(two, state="dead", attempts=9)))

    assert await store.write(lambda tx: tx.hasten("h1", 500)) == 1
    assert await store.write(lambda tx: tx.hasten("h1", 500)) == 0

    assert [d.cursor for d in await store.read(lambda view: view.due_deliveries("h1", 500))] == [
        1,
        3,
    ]


async def test_deliveries_are_found_by_endpoint_state_and_event(store):
    for endpoint in (HOOK, replace(HOOK, id="h2")):
        await store.write(lambda tx, endpoint=endpoint: tx.add_endpoint(endpoint))
    events = [await store.write(joined) for _ in range(3)]
    first = (await store.read(lambda view: view.due_deliveries("h1", 0)))[0]
    await store.write(lambda tx: tx.put_delivery(replace(first, state="dead")))

    async def found(**asked):
        rows = await store.read(lambda view: view.deliveries(**asked))
        return [(one.endpoint_id, one.cursor) for one in rows]

    assert await found(endpoint_id="h1", state="dead") == [("h1", 1)]
    assert await found(endpoint_id="h1", state="pending", limit=1) == [("h1", 2)]
    assert await found(event_id=events[0].id) == [("h1", 1), ("h2", 1)]
    assert await found(event_id=events[0].id, state="pending") == [("h2", 1)]
    assert await found(event_id=events[0].id, endpoint_id="h1") == [("h1", 1)]
    assert await found(limit=3) == [("h1", 1), ("h2", 1), ("h1", 2)]
    assert await found(event_id="none") == []


async def test_a_delivery_that_is_sent_again_leaves_the_sum_as_it_was(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(joined)
    (one,) = await store.read(lambda view: view.due_deliveries("h1", 0))
    for state in ("delivered", "delivered", "pending", "dead", "pending", "delivered"):
        await store.write(lambda tx, state=state: tx.put_delivery(replace(one, state=state)))
        totals = await store.read(lambda view: view.totals("h1"))
        assert totals == Totals(**{"matched": 1, state: 1})


async def test_the_sums_are_those_of_the_rows_whatever_happened(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, f"{n}") for n in range(7)])
    due = await store.read(lambda view: view.due_deliveries("h1", 0))
    states = ("delivered", "dead", "pending", "dead", "delivered", "dead", "pending")
    for one, state in zip(due, states, strict=True):
        await store.write(lambda tx, one=one, s=state: tx.mark(one, replace(one, state=s)))
    for one, state in zip(due, ("dead", "pending", "dead"), strict=False):
        await store.write(
            lambda tx, one=one, state=state: tx.put_delivery(replace(one, state=state))
        )

    async def agree():
        totals = await store.read(lambda view: view.totals("h1"))
        rows = await store.read(lambda view: view.deliveries("h1", limit=99))
        counted = Counter(one.state for one in rows)
        assert totals == Totals(matched=7, **counted)

    await agree()
    await store.write(lambda tx: tx.remove_endpoint("h1"))
    await agree()


async def test_a_disabled_webhook_gets_nothing_new(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: tx.put_endpoint(replace(HOOK, disabled_reason="HTTP 410")))
    await store.write(joined)

    assert await store.read(lambda view: view.endpoint("h1")) == replace(
        HOOK, disabled_reason="HTTP 410"
    )
    assert await store.read(lambda view: view.totals("h1")) == Totals()


async def test_events_follow_the_endpoints_of_their_change_and_not_of_one_that_failed(store):
    other = replace(HOOK, id="h2")

    def fails(tx):
        tx.add_endpoint(other)
        joined(tx)
        raise KeyError("mine")

    def adds(tx):
        tx.add_endpoint(HOOK)
        joined(tx)
        tx.put_endpoint(replace(HOOK, disabled_reason="410"))
        joined(tx)

    await asyncio.gather(store.write(fails), store.write(adds), return_exceptions=True)
    await store.write(lambda tx: (tx.put_endpoint(HOOK), joined(tx)))
    await asyncio.gather(store.write(fails), store.write(joined), return_exceptions=True)
    await store.write(lambda tx: (tx.remove_endpoint("h1"), joined(tx)))

    found = await store.read(lambda view: view.deliveries())
    assert [(one.endpoint_id, one.cursor) for one in found] == [("h1", 1), ("h1", 3), ("h1", 4)]


async def test_a_change_of_endpoints_is_told_and_no_other(store):
    told = []
    store.on_endpoints(lambda: told.append("endpoints"))
    store.on_commit(lambda events: told.append(len(events)))

    def fails(tx):
        joined(tx)
        raise KeyError("mine")

    async def heard(change):
        told.clear()
        await asyncio.gather(store.write(change), return_exceptions=True)
        await asyncio.sleep(0)
        return list(told)

    def take(tx):
        [one] = tx.due_deliveries("h1", 9)
        tx.mark(one, replace(one, state="dead", attempts=1))

    assert await heard(lambda tx: tx.add_endpoint(HOOK)) == ["endpoints"]
    assert await heard(joined) == [1]
    assert await heard(fails) == []
    assert await heard(take) == []
    assert await heard(lambda tx: tx.put_delivery(tx.deliveries("h1")[0])) == ["endpoints"]
    assert await heard(lambda tx: (tx.remove_endpoint("h1"), joined(tx))) == [1, "endpoints"]


async def test_events_of_the_store_can_be_delivered_to_an_endpoint_that_came_later(store):
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "b2", "a1")])
    await store.write(lambda tx: (tx.add_endpoint(HOOK), joined(tx)))
    told = []
    store.on_endpoints(lambda: told.append(True))

    added = await store.write(lambda tx: tx.deliver("h1", [(1, "a1"), (2, "b2"), (4, "a1")]))

    assert (added, told) == (2, [True])
    due, sums = await store.read(lambda view: (view.deliveries("h1"), view.totals("h1")))
    assert [(one.cursor, one.subject, one.state) for one in due] == [
        (1, "a1", "pending"), (2, "b2", "pending"), (4, "a1", "pending"),
    ]  # fmt: skip
    assert sums == Totals(matched=3, pending=3)
    await store.write(lambda tx: tx.mark(due[0], replace(due[0], state="delivered", attempts=1)))
    assert await store.write(lambda tx: tx.deliver("h1", [(1, "a1")])) == 0


async def test_an_event_goes_to_the_endpoints_whose_filters_it_passes(store):
    level = Value("level", 40, "%")

    def reading(tx, eui, *values):
        data = ReadingData(
            dev_eui=eui, device=eui, profile="bin", seq=1, observed_at="2026-01-01T00:00:00Z",
            received_at="2026-01-01T00:00:00Z", values=values, link=Link(),
        )  # fmt: skip
        tx.append("reading", eui, 0, data)

    filters = {
        "device": {"devices": ("b2",)},
        "property": {"properties": ("level", "battery")},
        "both": {"devices": ("a1",), "properties": ("level",)},
        "type": {"types": ("lamplighter.joined.v1",), "devices": ("a1", "b2")},
    }

    def change(tx):
        for name, one in filters.items():
            tx.add_endpoint(replace(HOOK, id=name, **one))
        joined(tx, "a1")
        reading(tx, "a1", level)
        reading(tx, "b2", Value("voltage", 3, "V"), level)
        reading(tx, "b2", Value("voltage", 3, "V"))
        joined(tx, "c3")

    await store.write(change)

    found = await store.read(lambda view: {one: view.deliveries(one) for one in filters})
    assert {name: [one.cursor for one in rows] for name, rows in found.items()} == {
        "device": [3, 4], "property": [2, 3], "both": [2], "type": [1],
    }  # fmt: skip


async def test_of_the_attempts_at_an_endpoint_the_last_are_kept(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    event = await store.write(joined)

    def failed(number, endpoint_id="h1", cursor=1):
        return Attempt(endpoint_id, cursor, event.id, number, 5, 20, f"no {number}", 9)

    many = [failed(number) for number in range(1, ATTEMPTS_MOST + 1)]
    await store.write(lambda tx: tx.log_attempts([*many, failed(7, "h2", 2)]))
    await store.write(lambda tx: tx.log_attempts([failed(0)]))

    found = await store.read(lambda view: view.attempts("h1", 5000))
    assert [len(found), found[0], found[-1]] == [ATTEMPTS_MOST, failed(0), failed(2)]
    assert await store.read(lambda view: view.attempts("h1", 1, cursor=1)) == [failed(0)]
    assert await store.read(lambda view: view.attempts("h1", cursor=2)) == []
    assert await store.read(lambda view: view.attempts("h2")) == [failed(7, "h2", 2)]
