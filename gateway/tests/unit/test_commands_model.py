"""Commands against a network server and a lamp: carried out at most once, and ended honestly.

300 runs of a model here, and 10 000 with `make faults`. What each state claims is held against
what the lamp did.
"""

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gateway.errors import Refused, Retry, Unsure
from gateway.tests.unit.command_world import World

ALL = ("noted", "heard", "reaches", "answers")
NOT_DONE = {"refused", "expired", "failed", "cancelled"}
EITHER = {"superseded", "unknown"}
SEEN: Counter[str] = Counter()
"""How often each state ended a command, and what happened, over all runs of the last test."""


class Life(RuleBasedStateMachine):
    """Everything that may happen to commands of one lamp; `world` outlives the runs."""

    world: World
    loop: asyncio.AbstractEventLoop

    @initialize()
    def begin(self):
        self.world.begin()
        device = self.world.device
        self.do(self.world.store.write(lambda tx: tx.add_device(device)))
        self.world.restart()
        self.ids = []

    def do(self, work):
        return self.loop.run_until_complete(work)

    def request(self, name, values, expires_in_s, key=""):
        request = self.world.commands.request
        command = self.do(request(self.world.device.dev_eui, name, values, expires_in_s, key))
        if command.id not in self.ids:
            self.ids.append(command.id)
        self.do(self.world.live(0))

    @rule(level=st.integers(0, 100), expires_in_s=st.sampled_from([5, 60, 600]))
    def dim(self, level, expires_in_s):
        self.request("dim", {"level": level}, expires_in_s)

    @rule(first=st.integers(0, 99), expires_in_s=st.sampled_from([60, 600]), key=st.integers(0, 2))
    def resend(self, first, expires_in_s, key):
        try:
            values = {"first": first, "count": 1}
            key = f"{self.world.serial}-{key}" if key else ""
            self.request("resend", values, expires_in_s, key)
        except Refused:
            SEEN["key refused"] += 1

    @rule(number=st.integers(0, 7))
    def cancel(self, number):
        if self.ids:
            try:
                self.do(self.world.commands.cancel(self.ids[-1 - number % len(self.ids)]))
                SEEN["cancel"] += 1
            except Refused:
                SEEN["too late to cancel"] += 1
            self.do(self.world.live(0))

    @rule(what=st.just(ALL) | st.lists(st.sampled_from(ALL), unique=True))
    def transmit(self, what):
        self.do(self.world.transmit(what))

    @rule(number=st.integers(0, 3))
    def a_report_comes_again(self, number):
        self.do(self.world.again(number))

    @rule(seconds=st.sampled_from([1, 11, 40, 61, 100]))
    def time(self, seconds):
        self.do(self.world.live(seconds))

    @rule(flushes=st.booleans())
    def join(self, flushes):
        self.do(self.world.join(flushes=flushes))
        self.do(self.world.live(0))

    @rule(failure=st.sampled_from([Retry("busy", 1), Refused("no"), Unsure("lost")]))
    def the_next_call_fails(self, failure):
        self.world.network.failures.append(failure)

    @rule(dies=st.sampled_from(["before", "after"]))
    def the_next_call_ends_the_gateway(self, dies):
        self.world.dies = dies

    @rule()
    def the_network_server_goes_away_or_comes_back(self):
        network = self.world.network
        network.away = None if network.away else Retry("away", 2)

    @rule()
    def the_lamp_loses_the_time_or_learns_it(self):
        self.world.lamp.clock = not self.world.lamp.clock

    def teardown(self):
        if not hasattr(self, "ids"):
            return
        world = self.world
        for seconds in (61, 600, 61, 40):
            self.do(world.live(seconds))
            self.do(world.live(0))
        done = world.lamp.done
        assert all(count == 1 for count in done.values()), "carried out twice"
        for one in self.ids:
            command = self.do(world.command(one))
            SEEN[command.state] += 1
            assert command.final, command
            claim = 0 if command.state in NOT_DONE else 1
            assert command.state in EITHER or done[command.token] == claim, (command, done)
            check_submissions(command)


def check_submissions(command):
    """Between two submissions it says that nobody knows, or that it was not taken."""
    since = False
    for step in command.history:
        if step.what == "submitted":
            assert not since, command
            since = True
        elif step.what in {"unknown", "not taken", "put off"}:
            since = False


def run(runs, steps):
    """Run the model so many times; returns what was seen."""
    SEEN.clear()
    loop = asyncio.new_event_loop()
    world = World()
    loop.run_until_complete(world.__aenter__())

    class Of(Life):
        pass

    Of.world, Of.loop = world, loop
    try:
        run_state_machine_as_test(
            Of,
            settings=settings(
                deadline=None,
                max_examples=runs,
                stateful_step_count=steps,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
    finally:
        loop.run_until_complete(world.__aexit__(None, None, None))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    return SEEN


@pytest.mark.faults
@pytest.mark.timeout(14_400)
def test_every_command_ends_and_is_carried_out_at_most_once(pytestconfig):
    stores = 20 if pytestconfig.getoption("weeks") else 1
    seen = Counter()
    for _ in range(stores):  # a run takes longer the more commands its store holds
        seen += run(500, 40) if stores > 1 else run(300, 24)

    print(dict(seen))
    assert {"applied", "cancelled", "expired", "superseded", "unknown"} <= set(seen)
    assert seen["key refused"] > 0
