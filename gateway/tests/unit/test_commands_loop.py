"""The loop that takes a command's steps, while something that it needs fails."""

import asyncio
from contextlib import suppress

from gateway.commands import Commands
from gateway.errors import Retry
from gateway.networks import virtual
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store


class Failing(Commands):
    """Steps that fail or succeed as told, one letter a step: `f` or `s`. Then it is cancelled."""

    def __init__(self, steps):
        super().__init__(Store(), virtual.Network(), CommandSettings(), pause=self.wait)
        self.steps = list(steps)
        self.waited_s = []

    async def wait(self, seconds):
        self.waited_s.append(seconds)
        self._wake.set()

    async def step(self):
        if not self.steps:
            raise asyncio.CancelledError
        self._wake.set()
        if self.steps.pop(0) == "f":
            raise Retry("the store is locked")


async def waits(steps):
    commands = Failing(steps)
    with suppress(asyncio.CancelledError):
        await commands.run()
    return commands.waited_s


async def test_each_failure_in_a_row_waits_longer_up_to_ten_seconds():
    waited = await waits("f" * 8)

    for at, seconds in enumerate(waited):
        longest = min(0.2 * 2**at, 10)
        assert longest / 2 <= seconds < longest or seconds == longest == 10


async def test_the_first_failure_after_a_success_waits_as_briefly_as_the_first_of_all():
    waited = await waits("ffffff" + "s" + "f")

    assert waited[5] >= 3.2
    assert waited[6] < 0.2
