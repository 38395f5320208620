"""Commands: whatever happens in whatever order, one end, reported once."""

import asyncio
import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.devices import encode
from gateway.errors import Refused, Retry, Unsure
from gateway.lifecycle import RANK
from gateway.notices import Answered, Transmitted, Trouble
from gateway.tests.unit.command_bench import LAMP, RESULT, begun, dim, resend

pytestmark = pytest.mark.slow


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


class AnyOrder(RuleBasedStateMachine):
    """A network server and a device that do everything, late, twice, and in any order."""

    @initialize()
    def begin(self):
        self.loop = asyncio.new_event_loop()
        self.opened = begun()
        self.bench = self.do(self.opened.__aenter__())
        self.ids: list[str] = []

    def do(self, work):
        return self.loop.run_until_complete(work)

    @rule(level=st.integers(0, 100), expires_in_s=st.sampled_from([5, 60, 600]))
    def ask(self, level, expires_in_s):
        self.ids.append(self.do(dim(self.bench, level, expires_in_s)).id)

    @rule(first=st.integers(0, 9), expires_in_s=st.sampled_from([5, 60, 600]))
    def ask_what_is_not_superseded(self, first, expires_in_s):
        self.ids.append(self.do(resend(self.bench, first, expires_in_s)).id)

    @rule(seconds=st.sampled_from([0, 1, 10, 40, 61, 100]))
    def time(self, seconds):
        self.do(self.bench.pass_time(seconds))

    @rule(failure=st.sampled_from([Retry("busy", 1), Refused("no"), Unsure("lost")]))
    def fail(self, failure):
        self.bench.network.failures.append(failure)

    @rule()
    def crash(self):
        self.bench.restart()

    @rule()
    def flush(self):
        self.bench.network.queue.clear()

    @rule(
        item=st.integers(0, 6),
        kind=st.sampled_from(["txack", "ack", "nack", "EXPIRED", "F_CNT_DOWN"]),
    )
    def notice(self, item, kind):
        item = f"item-{item}"
        if kind == "txack":
            self.bench.network.queue.pop(item, None)
            self.do(self.bench.hear(Transmitted, item))
        elif kind in {"ack", "nack"}:
            self.do(self.bench.hear(Answered, item, acknowledged=kind == "ack"))
        else:
            self.do(self.bench.hear(Trouble, item, code=kind, description="", dropped=True))

    @rule(token=st.integers(1, 8), result=st.sampled_from(sorted(RESULT)))
    def report(self, token, result):
        self.do(self.bench.report(token, result))

    @invariant()
    def every_command_moves_forward_to_one_end(self):
        for command_id in getattr(self, "ids", []):
            states = self.do(self.bench.states(command_id))
            ranks = [RANK.get(state, 4) for state in states]
            assert ranks == sorted(set(ranks)), states
            assert states[-1] == self.do(self.bench.command(command_id)).state

    @invariant()
    def no_two_submissions_without_unknown_between(self):
        for command_id in getattr(self, "ids", []):
            since = False
            for step in self.do(self.bench.command(command_id)).history:
                if step.what == "submitted":
                    assert not since
                    since = True
                elif step.what in {"unknown", "not taken", "late unknown"}:
                    since = False

    @invariant()
    def the_network_server_gets_no_more_than_the_history_says(self):
        for command_id in getattr(self, "ids", []):
            command = self.do(self.bench.command(command_id))
            same = [one for one in self.bench.network.sent if one.data == encode(LAMP, command)[1]]
            mine = [one for one in same if one.dev_eui == command.dev_eui]
            unknown = [one.what for one in command.history].count("unknown")
            assert len(mine) <= 1 + unknown
            assert len(mine) <= 3

    @invariant()
    def nothing_outlives_its_time(self):
        if not hasattr(self, "ids"):
            return
        for command in self.do(self.bench.store.read(lambda view: view.open_commands())):
            assert command.next_at_ms <= command.expires_at_ms + 30_000

    def teardown(self):
        if hasattr(self, "ids"):
            for _ in range(4):
                self.do(self.bench.pass_time(700))
            assert self.do(self.bench.store.read(lambda view: view.open_commands())) == []
            self.do(self.opened.__aexit__(None, None, None))
            self.do(self.loop.shutdown_default_executor())
            self.loop.close()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(deadline=None, max_examples=60, stateful_step_count=30)


async def test_ten_thousand_notices_in_any_order_end_every_command(bench):
    draw = random.Random(7)
    asked = [await resend(bench, n, 6000) for n in range(40)]
    notices = (
        lambda item: bench.hear(Transmitted, item),
        lambda item: bench.hear(Answered, item, acknowledged=True),
        lambda item: bench.hear(Answered, item, acknowledged=False),
        lambda item: bench.hear(Trouble, item, code="F_CNT", description="", dropped=True),
        lambda _: bench.report(draw.randrange(1, 45), draw.choice(sorted(RESULT))),
        lambda _: bench.pass_time(draw.randrange(3)),
    )
    for _ in range(10_000):
        await draw.choice(notices)(f"item-{draw.randrange(45)}")
    for _ in range(3):
        await bench.pass_time(6000)

    for one in asked:
        states = await bench.states(one.id)
        ranks = [RANK.get(state, 4) for state in states]
        assert ranks == sorted(set(ranks))
        assert ranks[-1] == 4
