"""One suite over every store: what `gateway.store` promises."""

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from gateway.errors import Refused, Unknown
from gateway.events import Event, Value
from gateway.model import ApiKey, Command, Counts, Lease, Totals
from gateway.plans import Bulk, Selection
from gateway.records import Asset, Stay
from gateway.tests.contract.store_bench import BIN, HOOK, LAMP, joined


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


async def test_devices_open_commands_and_unread_messages_are_counted(store):
    ended = Command(id="c1", dev_eui="a1", name="dim", values={}, token=1, state="applied")
    await store.write(lambda tx: [tx.add_device(one) for one in (BIN, LAMP)])
    await store.write(lambda tx: [tx.quarantine(1, "", "t", b"x", "r") for _ in range(3)])
    await store.write(
        lambda tx: [
            tx.put_command(one) for one in (ended, replace(ended, id="c2", token=2, state="sent"))
        ]
    )

    assert await store.read(lambda view: view.counts()) == Counts(2, 3, 1)


async def test_a_device_is_replaced_and_keeps_its_name(store):
    await store.write(lambda tx: tx.add_device(BIN))
    served = replace(BIN, in_service=False, asset="B-1")

    await store.write(lambda tx: tx.put_device(served))

    assert await store.read(lambda view: view.devices()) == [served]
    assert await store.write(lambda tx: tx.device(BIN.dev_eui)) == served
    with pytest.raises(Unknown):
        await store.write(lambda tx: tx.put_device(replace(BIN, dev_eui="c3")))


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


async def test_the_newest_events_come_newest_first(store):
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "b2", "a1", "a1")])

    async def newest(**asked):
        return [one.cursor for one in await store.read(lambda view: view.newest_events(**asked))]

    assert await newest() == [4, 3, 2, 1]
    assert await newest(limit=2) == [4, 3]
    assert await newest(limit=2, subject="a1") == [4, 3]
    assert await newest(limit=2, subject="b2", kind="joined") == [2]
    assert await newest(limit=3, kind="joined") == [4, 3, 2]
    assert await newest(kind="boot") == []


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


async def test_what_is_released_from_quarantine_is_gone_and_its_id_is_never_given_again(store):
    first = await store.write(lambda tx: tx.quarantine(5, "a1", "topic", b"x", "not JSON"))
    second = await store.write(lambda tx: tx.quarantine(6, "a1", "topic", b"y", "not JSON"))

    await store.write(lambda tx: tx.release(second))
    third = await store.write(lambda tx: tx.quarantine(7, "a1", "topic", b"z", "not JSON"))

    assert first < second < third
    kept = await store.read(lambda view: view.quarantined())
    assert [one.id for one in kept] == [first, third]


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


async def test_a_change_sees_itself_and_those_before_it(store):
    async def write_many():
        return await asyncio.gather(
            *(store.write(lambda tx: (joined(tx), tx.last_cursor())[1]) for _ in range(50))
        )

    assert await write_many() == list(range(1, 51))


async def test_listeners_hear_of_events_and_of_nothing_else(store):
    heard = []
    store.on_commit(lambda events: heard.append(events[-1].cursor))

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


async def test_a_lease_has_one_holder_until_it_is_over_and_its_epoch_tells_them_apart(store):
    async def take(holder, now_ms, until_ms):
        return await store.write(lambda tx: tx.take_lease("leader", holder, now_ms, until_ms))

    assert await store.read(lambda view: view.lease("leader")) is None
    assert await take("a", 1000, 2000) == 1
    assert await take("b", 1999, 5000) == 0
    assert await take("a", 1500, 2500) == 1
    assert await take("b", 2500, 4000) == 2
    assert await take("a", 3000, 9000) == 0
    assert await store.read(lambda view: view.lease("leader")) == Lease("leader", "b", 2, 4000)

    assert await take("b", 3500, 3500) == 2  # given back
    assert await take("a", 3500, 9000) == 3
    assert await store.write(lambda tx: tx.take_lease("other", "b", 0, 1)) == 1


async def test_a_cursor_before_an_instant_is_before_all_of_it_whatever_the_order(store):
    for at_ms in (1000, 5000, 2000, 4000):
        await store.write(lambda tx, at_ms=at_ms: joined(tx, at_ms=at_ms))

    found = await store.read(
        lambda view: [view.cursor_before(at_ms) for at_ms in (0, 1001, 2001, 4001, 5001)]
    )

    assert found == [0, 1, 1, 1, 4]


async def test_plans_are_kept_by_kind_and_found_when_they_are_due(store):
    bulk = Bulk(
        id="p1", who="ops", name="dim", parts=({"level": 1},), selection=Selection(("b2",)),
        targets=("b2",), next_at_ms=50,
    )  # fmt: skip
    later, over = replace(bulk, id="p2", next_at_ms=60), replace(bulk, id="p3", state="done")
    await store.write(lambda tx: [tx.put_plan(one) for one in (bulk, later, over)])

    def found(view):
        return (
            view.plan(Bulk, "p1"), view.plan(Bulk, "p"), view.plans(Bulk, 2),
            view.due_plans(Bulk, 50), view.due_plans(Bulk, 99, 1),
        )  # fmt: skip

    assert await store.read(found) == (bulk, None, [over, later], [bulk], [bulk])
    await store.write(lambda tx: tx.put_plan(replace(bulk, state="cancelled")))
    await store.write(lambda tx: tx.remove_plan(later))
    assert await store.read(lambda view: view.due_plans(Bulk, 99)) == []
    assert len(await store.read(lambda view: view.plans(Bulk))) == 2


async def test_a_key_that_is_kept_stays_that_of_the_first(store):
    await store.write(lambda tx: tx.put_key("k", "p1"))
    await store.write(lambda tx: tx.put_key("k", "p2"))

    assert await store.read(lambda view: (view.id_of_key("k"), view.id_of_key("x"))) == ("p1", "")


async def test_commands_are_counted_since_an_instant(store):
    for at_ms in (1000, 2000, 3000):
        one = Command(id=f"{at_ms:012x}aa", dev_eui="a1", name="dim", values={}, token=1)
        await store.write(lambda tx, one=one: tx.put_command(one))

    assert await store.read(lambda view: view.commands_since(2000)) == 2


async def test_records_are_kept_by_kind_and_key_and_replaced(store):
    bin_ = Asset(id="B2", kind="bin", lat=47.75, lon=7.34, stays=(Stay("a1", 1),))
    lamp = Asset(id="A1", kind="lamp", lat=47.7, lon=7.3, street="<b>=1+1</b>")

    await store.write(lambda tx: [tx.put_record(one.id, one) for one in (bin_, lamp)])
    moved = replace(bin_, lat=48.0)
    await store.write(lambda tx: tx.put_record("B2", moved))

    assert await store.read(lambda view: view.records(Asset)) == [lamp, moved]
    assert await store.read(lambda view: view.record(Asset, "B2")) == moved
    assert await store.write(lambda tx: tx.remove_record(Asset, "B2"))
    assert not await store.write(lambda tx: tx.remove_record(Asset, "B2"))
    assert await store.read(lambda view: view.record(Asset, "B2")) is None
