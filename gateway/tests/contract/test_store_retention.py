"""One suite over every store: what is dropped by age, and what never is."""

from msgspec.structs import replace

from gateway.model import Attempt, Totals
from gateway.tests.contract.store_bench import HOOK, joined

DAY_MS = 86_400_000


async def forget(store, before_ms, limit=100):
    """All from before an instant, in chunks; how many there were."""
    after = chunks = 0
    while after := await store.write(lambda tx, a=after: tx.forget(before_ms, a, limit)):
        chunks += 1
    return chunks


async def kept(store):
    return [one.cursor for one in await store.read(lambda view: view.events())]


async def test_events_go_by_age_and_the_newest_stays(store):
    for day in (1, 2, 3, 4):
        await store.write(lambda tx, day=day: [joined(tx, eui, day * DAY_MS) for eui in "ab"])

    assert await forget(store, 1 * DAY_MS) == 0
    assert await kept(store) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert await forget(store, 3 * DAY_MS, limit=3) == 2
    assert await kept(store) == [5, 6, 7, 8]
    await forget(store, 9 * DAY_MS)

    assert await kept(store) == [8]
    event = await store.write(lambda tx: joined(tx, "a", 5 * DAY_MS))
    assert event.sequence == "5"
    assert await kept(store) == [8, 9]


async def test_what_is_pending_stays_and_the_sums_hold(store):
    await store.write(lambda tx: (tx.add_endpoint(HOOK), tx.add_endpoint(replace(HOOK, id="h2"))))
    await store.write(lambda tx: [joined(tx, f"d{n}", DAY_MS) for n in range(5)])
    due = await store.read(lambda view: view.due_deliveries("h1", 0))
    states = ("delivered", "dead", "pending", "delivered", "delivered")
    for one, state in zip(due, states, strict=True):
        await store.write(lambda tx, one=one, s=state: tx.put_delivery(replace(one, state=s)))
    await store.write(lambda tx: tx.remove_endpoint("h2"))
    tried = [Attempt("h1", cursor, "e", 1, 5, 20, "500", 9) for cursor in (1, 3)]
    await store.write(lambda tx: tx.log_attempts(tried))
    before = [await store.read(lambda view, h=h: view.totals(h)) for h in ("h1", "h2")]

    await forget(store, 2 * DAY_MS)

    assert await kept(store) == [3, 5]  # 3 is pending, 5 the newest
    after = [await store.read(lambda view, h=h: view.totals(h)) for h in ("h1", "h2")]
    assert after == before == [
        Totals(matched=5, delivered=3, pending=1, dead=1),
        Totals(matched=5, withdrawn=5),
    ]  # fmt: skip
    assert await store.read(lambda view: view.attempts("h1")) == tried[1:]
    rows = await store.read(lambda view: view.deliveries("h1"))
    assert [(one.cursor, one.state) for one in rows] == [(3, "pending"), (5, "delivered")]
    await store.write(lambda tx: tx.remove_endpoint("h1"))
    assert await store.read(lambda view: view.recount()) == {
        one: await store.read(lambda view, h=one: view.totals(h)) for one in ("h1", "h2")
    }
    assert await store.read(lambda view: view.totals("h1")) == Totals(
        matched=5, delivered=3, dead=1, withdrawn=1
    )


async def test_a_batch_stays_whole_while_one_of_it_is_pending(store):
    """Its bytes follow from its events, and are the same at each attempt."""
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, f"d{n}", DAY_MS) for n in range(4)])
    one, two, three, _ = await store.read(lambda view: view.due_deliveries("h1", 0))
    await store.write(lambda tx: tx.freeze("h1", [one.cursor, two.cursor]))
    for done in (replace(one, state="delivered"), replace(three, state="delivered")):
        await store.write(lambda tx, done=done: tx.put_delivery(done))

    await forget(store, 2 * DAY_MS)
    assert await kept(store) == [1, 2, 4]
    await store.write(lambda tx: tx.put_delivery(replace(two, state="delivered")))
    await store.write(lambda tx: tx.thaw("h1"))
    await forget(store, 2 * DAY_MS)

    assert await kept(store) == [4]
