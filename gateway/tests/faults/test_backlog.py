"""A backend was dead for a day and is back: all that waited arrives, in order, beside what is new.

Real: the drain, that is the process, its store, mosquitto, HTTP. Made in bulk: the day before. 220
devices; with `--weeks`, as in `make faults`, 10 000.
"""

import asyncio
import json
import time
from itertools import count

import msgspec
import pytest

from gateway.clock import wall_ms
from gateway.events import JoinedData
from gateway.store.sqlite import Store
from gateway.tests.conftest import add_bins
from gateway.tests.faults import backends
from gateway.tests.faults.waiting import until
from tools.bench.load.receiver import Backend

pytestmark = [pytest.mark.slow, pytest.mark.faults]
HOURS = 24
TRIED = 10
"""Attempts of the schedule that a day has room for."""
WAIT_MS = 9 * 3_600_000
"""Until the next attempt of what waits."""
PARALLEL = 8
"""`delivery.parallel`, its default."""


def eui(number):
    return f"70b3d57ed1{number:06x}"


async def day_before(path, hook, devices):
    """An event an hour of each device, none delivered; the first of each was tried all day."""
    now_ms = wall_ms()

    def hour(tx, number):
        at_ms = now_ms - (HOURS - number) * 3_600_000
        for one in map(eui, range(devices)):
            data = JoinedData(dev_eui=one, device=one, dev_addr="01020304")
            tx.append("joined", one, at_ms, data)

    def tried(tx):
        first_ms = now_ms - HOURS * 3_600_000
        for one in map(eui, range(devices)):
            [due] = tx.next_deliveries(hook, one, 0, 1)
            after = {"attempts": TRIED, "first_at_ms": first_ms, "next_at_ms": now_ms + WAIT_MS}
            tx.put_delivery(msgspec.structs.replace(due, **after))

    async with Store(path, "lamplighter/street") as store:
        await add_bins(store, map(eui, range(devices)))
        for number in range(HOURS):
            await store.write(lambda tx, at=number: hour(tx, at))
        await store.write(tried)


class Counted(Backend):
    """A backend's connection. opened: how many there were, in all."""

    def __init__(self, taken, opened):
        super().__init__(taken)
        self._opened = opened

    def connection_made(self, transport):
        super().connection_made(transport)
        self._opened.append(time.monotonic())


async def stream(scene, sent, done):
    """One uplink of each device after another, until `done`. sent: when, by number."""
    for number in count(1):
        sent.append(time.monotonic())
        await scene.uplinks(scene.devices, [number])
        if done.is_set():
            return
        await asyncio.sleep(0.2)


async def came(taken, count):
    """Wait for so many; a machine on which fewer than 100 come in a second is too slow."""
    await until(lambda: len(taken) >= count, 30 + count / 100)


def looked_at(taken, known):
    """({device: its sequence numbers as they arrived}, {(device, seq): when} of those known)."""
    order, at_s = {}, {}
    for at, request in taken:
        event = json.loads(request.partition(b"\r\n\r\n")[2])
        order.setdefault(event["subject"], []).append(int(event["sequence"]))
        if event["subject"] in known and event["data"].get("seq"):
            at_s[event["subject"], event["data"]["seq"]] = at
    return order, at_s


@pytest.mark.timeout(5400)
async def test_after_a_day_all_arrives_in_order_and_new_events_do_not_wait_for_it(
    scene, pytestconfig
):
    devices = 10_000 if pytestconfig.getoption("weeks") else 220
    taken, opened, sent, done = [], [], [], asyncio.Event()
    async with backends.taking(lambda: Counted(taken, opened)) as url:
        hook = (await scene.service.cli("webhook", "add", url))["id"]
        await day_before(scene.service.folder / "lamplighter.db", hook, devices)
        await scene.service.start()
        waiting = (await scene.totals(hook))["pending"]
        before = len(taken)
        await scene.listening(scene.devices[0])
        began = time.monotonic()
        streaming = asyncio.create_task(stream(scene, sent, done))
        await came(taken, devices * HOURS)
        took_s = time.monotonic() - began
        done.set()
        await streaming
        fresh = 1 + len(sent) * len(scene.devices)
        await came(taken, devices * HOURS + fresh)
        totals = await scene.delivered(hook, devices * HOURS + fresh)

    order, at_s = looked_at(taken, set(scene.devices))
    late_s = sorted(at - sent[seq - 1] for (_, seq), at in at_s.items() if seq)
    half_s = late_s[len(late_s) // 2]
    print(
        f"{devices} devices: {len(taken)} in {took_s:.1f} s; new: {half_s:.2f}, {late_s[-1]:.2f} s"
    )
    assert (waiting, before) == (devices * HOURS, 0), "the day's events waited"
    assert len(taken) == totals["delivered"] == totals["matched"] == devices * HOURS + fresh
    assert all(numbers == sorted(numbers) for numbers in order.values())
    assert len(order) == devices + len(scene.devices)
    assert len(opened) <= PARALLEL, "no herd"
    assert half_s < max(1.0, took_s / 4), "new events did not wait for those of the day"
