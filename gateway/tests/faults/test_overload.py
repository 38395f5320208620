"""One device floods: the events of the others go on arriving, and all of the flood does too.

Real: the process, mosquitto, HTTP, SQLite. The flood lasts 2 s; with `--weeks`, as in
`make faults`, a minute.
"""

import asyncio
import contextlib
import json
import time

import pytest

from gateway.tests.conftest import uplink
from gateway.tests.faults import backends
from gateway.tests.faults.waiting import until
from tools.bench.load.generator import Publisher, publish
from tools.bench.load.process import rss_mb
from tools.bench.load.receiver import Backend

pytestmark = [pytest.mark.slow, pytest.mark.faults]
RATE = 40
TIMES = 10
"""The flood is so many times what all others send."""
HELD_MB = 30
NOISE_S = 0.1
"""What a busy machine adds to a delay by itself."""
REPLY_S = 0.005
"""A backend this slow takes 200 events a second of one device, half of the flood."""


class Slow(Backend):
    """Answers each request a while after it came."""

    def connection_made(self, transport):
        super().connection_made(Late(transport))


class Late(asyncio.Transport):
    """What is written goes out a while later."""

    def __init__(self, transport):
        super().__init__()
        self._to = transport

    def write(self, data):
        asyncio.get_running_loop().call_later(REPLY_S, self._to.write, data)


def packets(devices, numbers):
    """A PUBLISH each, the devices by turns."""
    made = [uplink(one, number) for number in numbers for one in devices]
    return [
        publish(n % 65535 + 1, one["topic"], one["payload"].encode()) for n, one in enumerate(made)
    ]


def paced(scene, made, rate):
    """Send them at a rate from a thread of its own; when the first was due."""
    to = (scene.broker.host, scene.broker.port, f"at {rate}/s")
    with contextlib.closing(Publisher(*to)) as publisher:
        began = time.monotonic()
        publisher.paced(made, rate, began)
    return began


def late_s(taken, devices, numbers, began):
    """How late the events of these readings came, sorted."""
    due = {
        (one, number): began + index / RATE
        for index, (number, one) in enumerate((n, one) for n in numbers for one in devices)
    }
    found = []
    for at, request in taken:
        event = json.loads(request.partition(b"\r\n\r\n")[2])
        key = (event["subject"], event["data"].get("seq"))
        if key in due:
            found.append(at - due[key])
    return sorted(found)


@pytest.mark.timeout(900)
async def test_a_device_that_floods_delays_no_other(scene, pytestconfig):
    seconds = 60 if pytestconfig.getoption("weeks") else 2
    flooder, *others = scene.devices
    each = RATE * seconds // len(others)
    calm, during = range(1, each + 1), range(each + 1, 2 * each + 1)
    flood = packets([flooder], range(1, RATE * TIMES * seconds + 1))
    taken = []
    async with backends.taking(lambda: Slow(taken)) as url:
        await scene.service.start()
        hook = await scene.subscribe(url)
        await scene.listening(flooder)
        calm_at = await asyncio.to_thread(paced, scene, packets(others, calm), RATE)
        await scene.delivered(hook, 1 + each * len(others))
        before_mb = rss_mb(scene.service.process.pid)
        during_at, _ = await asyncio.gather(
            asyncio.to_thread(paced, scene, packets(others, during), RATE),
            asyncio.to_thread(paced, scene, flood, RATE * TIMES),
        )
        count = 1 + 2 * each * len(others) + len(flood)
        await until(lambda: len(taken) >= count, 30 + len(flood) / 50)
        totals = await scene.delivered(hook, count)
        added_mb = rss_mb(scene.service.process.pid) - before_mb

    quiet, loud = late_s(taken, others, calm, calm_at), late_s(taken, others, during, during_at)
    p90 = [one[len(one) * 9 // 10] for one in (quiet, loud)]
    print(f"p90 {p90[0] * 1000:.0f}, in the flood {p90[1] * 1000:.0f} ms; {added_mb:.1f} MB")
    assert len(quiet) == len(loud) == each * len(others)
    assert (totals["delivered"], len(taken)) == (count, count), "the whole flood came, once"
    assert p90[1] < 2 * p90[0] + NOISE_S
    assert added_mb < HELD_MB
