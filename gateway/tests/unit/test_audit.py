"""`lamplighter audit`: sums that the deliveries contradict are seen."""

import asyncio
import sqlite3

import pytest
from msgspec.structs import replace

from gateway import app
from gateway.settings import load
from gateway.tests.contract.store_bench import HOOK, joined
from gateway.tests.unit.cli_bench import as_json

DAY_MS = 86_400_000


@pytest.fixture
def config(config):
    """A store with deliveries in every state, some dropped by age, and a removed webhook."""

    async def fill():
        async with app.open_store(load(config, {})) as store:
            for id_ in ("h1", "h2"):
                await store.write(lambda tx, i=id_: tx.add_endpoint(replace(HOOK, id=i)))
            for day in (1, 9):
                at_ms = day * DAY_MS
                await store.write(lambda tx, a=at_ms: [joined(tx, f"d{n}", a) for n in range(4)])
            due = await store.read(lambda view: view.due_deliveries("h1", 0))
            for one, state in zip(due, ("delivered", "dead", "delivered"), strict=False):
                await store.write(lambda tx, o=one, s=state: tx.put_delivery(replace(o, state=s)))
            await store.write(lambda tx: tx.remove_endpoint("h2"))
            await store.write(lambda tx: tx.forget(5 * DAY_MS, 0, 100))

    asyncio.run(fill())
    return config


def test_every_event_is_accounted_for_also_what_was_dropped_by_age(run):
    assert as_json(run, "audit") == {"webhooks": 2, "deliveries": 16, "differences": []}
    assert run("audit")[1].startswith("OK: 2 webhooks, 16 deliveries")


@pytest.mark.parametrize(
    ("harm", "sums"),
    [
        (
            "UPDATE endpoint SET delivered = delivered + 1 WHERE id = 'h1'",
            {"delivered", "pending"},
        ),
        ("UPDATE endpoint SET matched = matched - 1 WHERE id = 'h1'", {"matched", "pending"}),
        ("UPDATE outbox SET state = 'dead' WHERE cursor = 5", {"dead", "pending"}),
        ("DELETE FROM outbox WHERE cursor = 6 AND endpoint_id = 'h1'", {"matched", "pending"}),
    ],
)
def test_a_sum_that_the_deliveries_contradict_is_told(run, config, harm, sums):
    with sqlite3.connect(config.parent / "lamplighter.db") as store:
        store.execute(harm)
    store.close()

    code, said, _ = run("audit", "--json")

    assert code == 1
    assert {one for one in sums if f'"sum":"{one}"' in said} == sums
    code, said, _ = run("audit")
    assert (code, "The store contradicts itself: the operator" in said) == (1, True)
