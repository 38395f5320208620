"""One of several gateways at a store leads; one that was replaced changes nothing."""

import asyncio

import pytest

from gateway.errors import Retry
from gateway.leading import NAME, Leader
from gateway.store.sqlite import Store

LEASE_S = 0.2


@pytest.fixture
async def store():
    async with Store() as opened:
        yield opened


class Work:
    """What a leader does: it says that it began, and holds the store that it got."""

    def __init__(self):
        self.began = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self, store):
        self.store = store
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def begun(work):
    async with asyncio.timeout(10):
        await work.began.wait()


async def cancelled(task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def standing(store, name, work):
    return asyncio.create_task(Leader(store, name, lease_s=LEASE_S).run(work))


async def test_one_leads_and_the_next_begins_when_it_ends(store):
    first, second = Work(), Work()
    a = standing(store, "a", first)
    await begun(first)
    b = standing(store, "b", second)
    await asyncio.sleep(3 * LEASE_S)  # the lease is renewed
    assert not second.began.is_set()

    await cancelled(a)
    await begun(second)

    assert first.ended.is_set()
    lease = await store.read(lambda view: view.lease(NAME))
    assert (lease.holder, lease.epoch) == ("b", 2)
    await cancelled(b)


async def test_a_leader_that_was_replaced_changes_nothing_and_ends(store):
    first = Work()
    a = standing(store, "a", first)
    await begun(first)
    await first.store.write(lambda tx: tx.put_seen("a1", b"by a"))

    # as after a long stop, in which the lease was over
    await store.write(lambda tx: tx.take_lease(NAME, "a", 0, 0))
    await store.write(lambda tx: tx.take_lease(NAME, "b", 0, 10**15))
    with pytest.raises(Retry, match="another gateway took over"):
        await first.store.write(lambda tx: tx.put_seen("a1", b"by a, too late"))

    assert await store.read(lambda view: view.seen("a1")) == b"by a"
    async with asyncio.timeout(10):
        await first.ended.wait()
    await cancelled(a)
    assert (await store.read(lambda view: view.lease(NAME))).holder == "b"


class Failing:
    """A store that takes nothing for a while."""

    def __init__(self, store):
        self.store = store
        self.down = False

    async def read(self, question):
        return await self.store.read(question)

    async def write(self, change, **more):
        if self.down:
            raise Retry("no connection")
        return await self.store.write(change, **more)


async def test_a_store_that_is_away_ends_no_leadership(store):
    failing, work = Failing(store), Work()
    a = standing(failing, "a", work)
    await begun(work)
    failing.down = True
    await asyncio.sleep(2 * LEASE_S)
    failing.down = False
    await asyncio.sleep(LEASE_S)

    assert not work.ended.is_set()
    await work.store.write(lambda tx: tx.put_seen("a1", b"still"))
    await cancelled(a)


async def test_what_fails_in_the_work_ends_the_service(store):
    async def fails(_store):
        raise KeyError("mine")

    with pytest.raises(ExceptionGroup):
        await Leader(store, "a", lease_s=LEASE_S).run(fails)
