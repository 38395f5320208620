"""One suite over every store: what `gateway.store` promises."""

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from gateway.errors import Refused, Unknown
from gateway.events import Event, JoinedData, Value
from gateway.model import ApiKey, Command, Device, Endpoint, Totals
from gateway.store.sqlite import MEMORY, Store

BIN = Device("a1", "bin", "bin", "00", "A", 1)
LAMP = Device("b2", "lamp", "lamp", "00", "C", 2)
HOOK = Endpoint(id="h1", url="http://x/", secret="whsec_x")


@pytest.fixture(params=["file", "memory"])
async def store(request, tmp_path):
    path = MEMORY if request.param == "memory" else tmp_path / "store.db"
    async with Store(path) as opened:
        yield opened


def joined(tx, dev_eui="a1", at_ms=1000):
    return tx.append(
        "joined", dev_eui, at_ms, JoinedData(dev_eui=dev_eui, device="x", dev_addr="01")
    )


async def test_an_empty_store_answers_with_nothing(store):
    def everything(view):
        return (
            view.device("a1"), view.devices(), view.latest("a1"), view.seen("a1"), view.events(),
            view.event("x"), view.last_cursor(), view.command("c"), view.commands(),
            view.open_commands(), view.due_commands(9), view.command_of_item("q"),
            view.command_of_token("a1", 1), view.endpoint("h1"), view.endpoints(),
            view.totals("h1"), view.due_deliveries("h1", 9), view.next_delivery_at_ms("h1"),
            view.deliveries(), view.api_key("d"), view.api_keys(), view.quarantined(),
        )  # fmt: skip

    assert await store.read(everything) == (
        None, [], [], b"", [], None, 0, None, [], [], [], None, None, None, [], Totals(), [], None,
        [], None, [], [],
    )  # fmt: skip


async def test_devices_come_by_name_and_are_unique(store):
    await store.write(lambda tx: tx.add_device(LAMP))
    await store.write(lambda tx: tx.add_device(BIN))

    with pytest.raises(Refused, match="taken"):
        await store.write(lambda tx: tx.add_device(replace(BIN, name="other")))
    with pytest.raises(Refused, match="taken"):
        await store.write(lambda tx: tx.add_device(replace(BIN, dev_eui="c3")))
    assert await store.read(lambda view: view.devices()) == [BIN, LAMP]
    await store.write(lambda tx: tx.remove_device("b2"))
    with pytest.raises(Unknown):
        await store.write(lambda tx: tx.remove_device("b2"))
    assert await store.read(lambda view: (view.device("b2"), view.devices())) == (None, [BIN])


async def test_latest_keeps_what_was_observed_last(store):
    new, old = (Value("fillingLevel", 0.7, "1"),), (Value("fillingLevel", 0.2, "1", ("stale",)),)
    await store.write(lambda tx: tx.put_latest("a1", 7, "2026-01-01T00:00:02Z", new))
    await store.write(lambda tx: tx.put_latest("a1", 6, "2026-01-01T00:00:01Z", old))
    await store.write(
        lambda tx: tx.put_latest("a1", 6, "2026-01-01T00:00:01Z", (Value("a", None, "1"),))
    )

    latest = await store.read(lambda view: view.latest("a1"))

    assert [(one.property, one.value, one.seq) for one in latest] == [
        ("a", None, 6),
        ("fillingLevel", 0.7, 7),
    ]


async def test_events_are_numbered_per_device_and_ordered_overall(store):
    await store.write(lambda tx: (joined(tx, "a1"), joined(tx, "b2"), joined(tx, "a1")))

    entries = await store.read(lambda view: view.events())
    events = [msgspec.json.decode(one.body, type=Event) for one in entries]

    assert [(one.subject, one.sequence) for one in events] == [
        ("a1", "1"),
        ("b2", "1"),
        ("a1", "2"),
    ]
    assert [one.cursor for one in entries] == [1, 2, 3]
    assert events[0].type == "lamplighter.joined.v1"
    assert events[0].time == "1970-01-01T00:00:01.000Z"
    assert events[0].data == {"dev_eui": "a1", "device": "x", "dev_addr": "01"}
    assert len({one.id for one in events}) == 3
    assert await store.read(lambda view: view.event(events[1].id)) == entries[1]


async def test_events_can_be_asked_for_by_kind_subject_and_cursor(store):
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "b2", "a1", "a1")])

    async def cursors(**asked):
        return [one.cursor for one in await store.read(lambda view: view.events(**asked))]

    assert await cursors(after=2) == [3, 4]
    assert await cursors(limit=2) == [1, 2]
    assert await cursors(subject="a1", after=1, limit=1) == [3]
    assert await cursors(kind="joined", subject="b2") == [2]
    assert await cursors(kind="reading", subject="a1") == []
    assert await cursors(kind="joined", limit=1) == [1]
    assert await cursors(kind="boot") == []


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
    (told,) = await store.read(lambda view: view.deliveries(event_id=second.event_id))
    assert told.state == "delivered"


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


async def test_a_disabled_webhook_gets_nothing_new(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: tx.put_endpoint(replace(HOOK, disabled_reason="HTTP 410")))
    await store.write(joined)

    assert await store.read(lambda view: view.endpoint("h1")) == replace(
        HOOK, disabled_reason="HTTP 410"
    )
    assert await store.read(lambda view: view.totals("h1")) == Totals()


async def test_commands_are_found_by_everything_that_names_them(store):
    one = Command(id="c1", dev_eui="a1", name="dim", values={"level": 4}, token=7, next_at_ms=50)
    two = replace(one, id="c2", dev_eui="b2", next_at_ms=10)
    three = replace(one, id="c3", next_at_ms=20)
    for command in (one, two, three):
        await store.write(lambda tx, command=command: tx.put_command(command))

    def found(view):
        return (
            view.command("c2"), view.commands("a1"), view.commands(limit=1), view.open_commands(),
            view.due_commands(20), view.command_of_token("a1", 7), view.command_of_token("a1", 8),
        )  # fmt: skip

    assert await store.read(found) == (
        two, [three, one], [three], [one, two, three], [two, three], three, None,
    )  # fmt: skip

    first, second = (
        replace(two, queue_item_id="q1"),
        replace(two, queue_item_id="q2", state="applied"),
    )
    await store.write(lambda tx: tx.put_command(first))
    await store.write(lambda tx: tx.put_command(second))

    assert await store.read(lambda view: [view.command_of_item(q) for q in ("q1", "q2", "q")]) == [
        second, second, None,
    ]  # fmt: skip
    assert await store.read(lambda view: view.open_commands("b2")) == []
    assert await store.read(lambda view: view.due_commands(20)) == [three]


async def test_tokens_go_round_without_zero(store):
    tokens = await store.write(lambda tx: [tx.next_token("a1") for _ in range(65537)])

    assert tokens == [*range(1, 65536), 1, 2]
    assert await store.write(lambda tx: tx.next_token("b2")) == 1


async def test_keys_are_found_by_digest_until_they_are_revoked(store):
    key = ApiKey(id="k1", name="ops", digest="d1", scopes=("read",))
    await store.write(lambda tx: tx.add_api_key(key))

    with pytest.raises(Refused):
        await store.write(lambda tx: tx.add_api_key(replace(key, id="k2", digest="d2")))
    assert await store.read(lambda view: (view.api_key("d1"), view.api_keys())) == (key, [key])
    await store.write(lambda tx: tx.remove_api_key("k1"))
    assert await store.read(lambda view: (view.api_key("d1"), view.api_keys())) == (None, [])
    with pytest.raises(Unknown):
        await store.write(lambda tx: tx.remove_api_key("k1"))


async def test_quarantine_keeps_bytes_as_they_came(store):
    first = await store.write(lambda tx: tx.quarantine(5, "a1", "topic", b"\x00\xff", "not JSON"))
    second = await store.write(lambda tx: tx.quarantine(6, "", "t", b"", "empty"))

    (kept,) = await store.read(lambda view: view.quarantined(after=first))
    assert (kept.id, kept.body) == (second, b"")
    (kept,) = await store.read(lambda view: view.quarantined(limit=1))
    assert (kept.at_ms, kept.dev_eui, kept.body, kept.reason) == (5, "a1", b"\x00\xff", "not JSON")


async def test_what_is_seen_is_replaced(store):
    await store.write(lambda tx: tx.put_seen("a1", b"1"))
    await store.write(lambda tx: tx.put_seen("a1", b"2"))

    assert await store.read(lambda view: view.seen("a1")) == b"2"


async def test_a_change_that_fails_leaves_nothing_and_hurts_no_other(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))

    def fails(tx):
        joined(tx)
        tx.add_device(LAMP)
        tx.put_seen("a1", b"x")
        tx.remove_endpoint("h1")
        raise KeyError("mine")

    results = await asyncio.gather(
        store.write(lambda tx: tx.add_device(BIN)),
        store.write(fails),
        store.write(joined),
        return_exceptions=True,
    )

    assert [type(one) for one in results] == [type(None), KeyError, Event]
    assert await store.read(
        lambda view: (view.devices(), view.seen("a1"), view.last_cursor(), view.endpoints())
    ) == ([BIN], b"", 1, [HOOK])
    assert results[2].sequence == "1"


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


async def test_a_change_sees_itself_and_those_before_it(store):
    async def write_many():
        return await asyncio.gather(
            *(store.write(lambda tx: (joined(tx), tx.last_cursor())[1]) for _ in range(50))
        )

    assert await write_many() == list(range(1, 51))


async def test_listeners_hear_of_events_and_of_nothing_else(store):
    heard = []
    store.on_append(heard.append)

    await store.write(lambda tx: tx.add_device(BIN))
    await store.write(lambda tx: [joined(tx) for _ in range(3)])
    with pytest.raises(ZeroDivisionError):
        await store.write(lambda tx: (joined(tx), 1 / 0))

    assert heard == [3]


async def test_a_cancelled_caller_hurts_nobody(store):
    task = asyncio.create_task(store.write(joined))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await store.write(lambda tx: tx.add_device(BIN))
    assert await store.read(lambda view: view.devices()) == [BIN]
