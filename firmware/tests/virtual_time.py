"""An event loop of CPython whose time jumps to whatever waits next.

`ticks_us` of `tests.fake_device` follows, so that a node's own clock does: hours take no time.
"""

import asyncio
import gc
import selectors
import time

from tests.fake_device import skipped_us

# isort: split
from node import clock

_IDLE_S = 0.001


class _Selector(selectors.SelectSelector):
    """Does not wait: what it should wait is skipped."""

    def select(self, timeout=None):
        if timeout:
            skipped_us[0] += int(timeout * 1000000) + 1
        return super().select(_IDLE_S if timeout is None else 0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self):
        super().__init__(_Selector())

    def time(self):
        return (time.monotonic_ns() // 1000 + skipped_us[0]) / 1000000


async def _whole(coroutine):
    """Its tasks end with it: Python 3.11's `wait_for` can lose a cancellation."""
    try:
        return await coroutine
    finally:
        for _ in range(10):
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            if not tasks:
                break
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)


def run(coroutine):
    """As `asyncio.run`, in virtual time."""
    clock.ticks_us = time.ticks_us  # other tests of the clock leave their own
    gc.freeze()  # the node collects often: what other tests left is not gone through each time
    try:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            return runner.run(_whole(coroutine))
    finally:
        gc.unfreeze()
