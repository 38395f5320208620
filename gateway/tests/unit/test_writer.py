"""The thread that commits in groups: what shares a commit, in which order, and by when."""

import asyncio
import contextlib

from gateway.store.sql import writer
from gateway.store.sql.writer import Writer


@contextlib.asynccontextmanager
async def writing():
    """A Writer and the groups that it committed, each change by the name that it returns."""
    groups = []

    def commit(group):
        for change in group:
            change.result = change.run(None)
        groups.append([change.result for change in group])

    made = Writer(commit, lambda said: None)
    try:
        yield made, groups
    finally:
        await made.close()


async def test_what_may_wait_shares_the_next_commit_in_the_order_of_the_calls():
    async with writing() as (made, groups):
        calm = asyncio.create_task(made.write(lambda _: "calm", 30.0))
        await asyncio.sleep(0.05)
        assert groups == []

        assert await made.write(lambda _: "urgent") == "urgent"
        assert await calm == "calm"
    assert groups == [["calm", "urgent"]]


async def test_what_may_wait_is_carried_out_in_its_time_and_at_the_end():
    async with writing() as (made, groups):
        assert await made.write(lambda _: "first", 0.05) == "first"
        last = asyncio.create_task(made.write(lambda _: "last", 30.0))
        await asyncio.sleep(0)
    assert (await last, groups) == ("last", [["first"], ["last"]])


async def test_more_changes_than_a_group_takes_are_all_carried_out(monkeypatch):
    monkeypatch.setattr(writer, "GROUP", 3)
    async with writing() as (made, groups):
        waits = (30.0, 0.0, 30.0, 0.0, 30.0, 30.0, 30.0, 30.0)
        found = await asyncio.gather(
            *(made.write(lambda _, n=n: n, wait_s) for n, wait_s in enumerate(waits))
        )
    assert found == list(range(8))
    assert [one for group in groups for one in group] == found
    assert max(map(len, groups)) <= 3
