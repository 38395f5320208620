"""Each message comes five times, over restarts of the service: it is kept and delivered once.

Real: the process, SIGKILL, mosquitto, HTTP, SQLite. MQTT is the only transport there is.
"""

import contextlib
import sqlite3

import pytest

from gateway.tests.faults.test_kills import lives

pytestmark = [pytest.mark.slow, pytest.mark.faults]
TIMES = 5
EACH = 10


async def test_a_message_that_comes_five_times_is_kept_and_delivered_once(scene):
    """Behind each copy of all of them is one more message: it is kept, so those before it came."""
    await scene.service.start()
    hook = await scene.subscribe()
    await scene.listening(scene.devices[0])
    last, *others = scene.devices
    count = 1 + EACH * len(others)
    async with lives(scene.service) as made:
        await scene.service.stop()
        for turn in range(TIMES):
            pid = await made.start()
            await scene.uplinks(others, range(1, EACH + 1))
            await scene.uplinks([last], [turn + 1])
            await scene.arrived(count + turn + 1, within_s=20)
            await made.kill(pid)
    await scene.service.start()
    totals = await scene.delivered(hook, count + TIMES)
    stored = await scene.stored(count + TIMES)
    await scene.service.stop()

    assert made.statuses == [-9] * TIMES, "each copy came to another process"
    seen = [(one["subject"], one["data"]["seq"]) for one in stored]
    assert len(set(seen)) == len(seen) == count + TIMES
    assert {(last, turn + 1) for turn in range(TIMES)} < set(seen), "each copy came"
    assert totals == totals | {"matched": count + TIMES, "pending": 0, "dead": 0}
    assert (scene.receiver.unordered, scene.receiver.refused) == ([], [])
    with contextlib.closing(sqlite3.connect(scene.service.folder / "lamplighter.db")) as store:
        rows = "SELECT count(*) FROM outbox"
        assert store.execute(rows).fetchone() == (count + TIMES,)
