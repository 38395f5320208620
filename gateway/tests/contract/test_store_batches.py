"""One suite over every store: which deliveries go together."""

import pytest
from msgspec.structs import replace

from gateway.tests.contract.store_bench import HOOK, joined

OTHER = replace(HOOK, id="h2")


async def three(store):
    """Three events for each of two endpoints; their cursors are 1, 2 and 3."""
    for one in (HOOK, OTHER):
        await store.write(lambda tx, one=one: tx.add_endpoint(one))
    await store.write(lambda tx: [joined(tx, eui) for eui in ("a1", "b2", "c3")])


async def together(store, endpoint="h1", cursors=(1, 2, 3)):
    """By cursor, the cursors of its batch."""
    return await store.read(
        lambda view: [[one.cursor for one in view.frozen(endpoint, n)] for n in cursors]
    )


async def marked(store, cursor, state):
    def change(tx):
        one = next(one for one in tx.deliveries("h1") if one.cursor == cursor)
        tx.put_delivery(replace(one, state=state, attempts=1))

    await store.write(change)


async def test_a_batch_is_found_by_each_of_its_deliveries(store):
    await three(store)
    assert await together(store) == [[], [], []]

    await store.write(lambda tx: tx.freeze("h1", [3, 1]))

    assert await together(store) == [[1, 3], [], [1, 3]]
    assert await together(store, "h2") == [[], [], []]
    [first, _] = await store.read(lambda view: view.frozen("h1", 3))
    due = await store.read(lambda view: view.due_deliveries("h1", 0))
    assert first == due[0]


async def test_a_batch_that_was_divided_is_two(store):
    await three(store)
    await store.write(lambda tx: tx.freeze("h1", [1, 2, 3]))

    await store.write(lambda tx: (tx.freeze("h1", [1, 2]), tx.freeze("h1", [3])))

    assert await together(store) == [[1, 2], [1, 2], [3]]


async def test_it_stays_whole_until_none_of_it_is_pending(store):
    await three(store)
    await store.write(lambda tx: (tx.freeze("h1", [1, 2]), tx.freeze("h1", [3])))
    await store.write(lambda tx: tx.freeze("h2", [1, 2]))
    await marked(store, 1, "delivered")
    await marked(store, 3, "dead")

    await store.write(lambda tx: tx.thaw("h1"))
    assert await together(store) == [[1, 2], [1, 2], []]

    await marked(store, 2, "delivered")
    await store.write(lambda tx: tx.thaw("h1"))
    assert await together(store) == [[], [], []]
    assert await together(store, "h2") == [[1, 2], [1, 2], []]


async def test_the_batches_of_an_endpoint_go_with_it(store):
    await three(store)
    await store.write(lambda tx: tx.freeze("h1", [1, 2]))

    await store.write(lambda tx: tx.remove_endpoint("h1"))

    assert await together(store) == [[], [], []]


async def test_a_batch_is_kept_only_with_the_change_that_made_it(store):
    await three(store)

    def change(tx):
        tx.freeze("h1", [1, 2])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(change)

    assert await together(store) == [[], [], []]


async def test_which_of_some_deliveries_are_in_a_batch_is_one_question(store):
    await store.write(lambda tx: (tx.add_endpoint(HOOK), [joined(tx) for _ in range(6)]))
    await store.write(lambda tx: (tx.freeze("h1", [2, 3]), tx.freeze("h1", [5])))

    def asks(view):
        return [view.batched("h1", some) for some in ([1, 2, 5], [4], [], [1, 6], [2, 3, 5])]

    assert await store.read(asks) == [{2, 5}, set(), set(), set(), {2, 3, 5}]
    assert await store.read(lambda view: view.batched("h2", [2, 3])) == set()
