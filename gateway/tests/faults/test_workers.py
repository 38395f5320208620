"""Two services at one PostgreSQL: one is stopped, goes on, is killed. Nothing lost or doubled.

Real: the processes, SIGSTOP, SIGCONT and SIGKILL, PostgreSQL, mosquitto, HTTP. The stop lasts
twice the lease; with `--weeks`, as in `make faults`, 60 s.
"""

import asyncio
import contextlib
import json
import os
import signal

import psycopg
import pytest
from aiohttp import web

from gateway.store.postgresql import Store
from gateway.tests.conftest import CONFIG, DEVICES, Scene, add_bins, admin_key, free_port
from gateway.tests.faults import backends
from gateway.tests.faults.waiting import until
from tools.bench.main_job.service import GatewayService
from tools.setup.mosquitto import Broker

pytestmark = [pytest.mark.slow, pytest.mark.faults]
STOP_S, LONG_STOP_S = 20.0, 60.0
"""Longer than the lease of a leader (10 s) and of what a worker claimed (12 s here)."""
TAKEN_OVER_S = 30.0
"""Source: fault test F20 of the project."""
UNDER_WAY = "SELECT count(*) FROM lamplighter.outbox WHERE state = 'pending' AND until_ms > 0"


class Backend:
    """Takes events; while `closed` it lets the caller wait. got: {id: how often}."""

    def __init__(self):
        self.open = asyncio.Event()
        self.open.set()
        self.held = 0
        self.got: dict[str, int] = {}
        self.order: dict[str, list[int]] = {}

    async def _post(self, request):
        event = json.loads(await request.read())
        self.held += not self.open.is_set()
        await self.open.wait()
        first = event["id"] not in self.got
        self.got[event["id"]] = self.got.get(event["id"], 0) + 1
        if first:
            self.order.setdefault(event["subject"], []).append(int(event["sequence"]))
        return web.Response(status=204)

    @contextlib.asynccontextmanager
    async def listening(self):
        async with backends.listening(self._post) as url:
            try:
                yield url
            finally:
                self.open.set()


class Pair:
    """Two services, `one` and `two`, not started, at one database and one broker.

    url: of the backend.
    """

    url = ""

    def __init__(self, folder, broker, database, backend):
        self.broker, self.backend, self.database = broker, backend, database
        self.one, self.two = (self._service(folder / name) for name in ("one", "two"))

    def _service(self, folder):
        folder.mkdir()
        grpc = f'grpc = "http://127.0.0.1:{free_port()}"'
        http = free_port()
        config = CONFIG.format(network=grpc, mqtt=self.broker.port, http=http)
        config = config.replace('log_level = "warning"', 'log_level = "info"')
        config += f'[store]\nkind = "postgresql"\nurl = "{self.database}"\n'
        return GatewayService(folder, config, f"127.0.0.1:{http}")

    def scene(self, service):
        return Scene(self.broker, None, service)

    def asked(self, question):
        with psycopg.connect(self.database) as connection:
            return connection.execute(question).fetchall()


@pytest.fixture
async def pair(tmp_path, database):
    async with Broker(tmp_path / "mqtt") as broker:
        async with Store(database) as store:
            await add_bins(store, DEVICES)
            key = await admin_key(store)
        backend = Backend()
        made = Pair(tmp_path, broker, database, backend)
        async with contextlib.AsyncExitStack() as stack:
            made.url = await stack.enter_async_context(backend.listening())
            for service in (made.one, made.two):
                stack.push_async_callback(service.close)
            made.one.key = made.two.key = key
            yield made


def checked(pair, events):
    """What holds in the end: each event once in the store, each delivered, in order."""
    ids = [one["id"] for one in events[1:]]  # the first was before the webhook
    assert len(set(ids)) == len(ids)
    assert set(pair.backend.got) >= set(ids)
    for numbers in pair.backend.order.values():
        assert numbers == sorted(numbers)


async def test_a_leader_that_was_stopped_and_goes_on_doubles_nothing(pair, pytestconfig):
    stop_s = LONG_STOP_S if pytestconfig.getoption("weeks") else STOP_S
    await pair.one.start()
    one, two = pair.scene(pair.one), pair.scene(pair.two)
    await one.listening(DEVICES[0])
    hook = (await pair.one.request("POST", "/v1/webhooks", {"url": pair.url}))["id"]
    pair.backend.open.clear()
    await one.uplinks(DEVICES, range(1, 11))
    await until(lambda: pair.backend.held >= len(DEVICES))
    os.kill(pair.one.process.pid, signal.SIGSTOP)
    stopped_s = asyncio.get_running_loop().time()
    [(under_way,)] = pair.asked(UNDER_WAY)
    assert under_way >= len(DEVICES)  # the fault fired: it holds claims

    await pair.two.start()
    pair.backend.open.set()
    await one.uplinks(DEVICES, range(11, 21))
    count = len(DEVICES) * 20
    totals = await two.delivered(hook, count)
    assert asyncio.get_running_loop().time() - stopped_s < TAKEN_OVER_S
    await asyncio.sleep(max(0.0, stopped_s + stop_s - asyncio.get_running_loop().time()))
    os.kill(pair.one.process.pid, signal.SIGCONT)
    await until(lambda: "took over" in pair.one.log.read_text())
    await until(lambda: "attempts not recorded" in pair.one.log.read_text())
    await one.uplinks(DEVICES, range(21, 26))
    totals = await two.delivered(hook, len(DEVICES) * 25)

    checked(pair, await two.stored(len(DEVICES) * 25 + 1))
    assert (totals["matched"], totals["delivered"]) == (len(DEVICES) * 25,) * 2
    assert max(pair.backend.got.values()) == 2  # of the claims of the stopped one
    assert pair.asked("SELECT epoch FROM lamplighter.lease") == [(2,)]


async def test_when_the_leader_is_killed_the_other_takes_over(pair):
    await pair.one.start()
    one, two = pair.scene(pair.one), pair.scene(pair.two)
    await one.listening(DEVICES[0])
    hook = (await pair.one.request("POST", "/v1/webhooks", {"url": pair.url}))["id"]
    await pair.two.start()
    await one.uplinks(DEVICES, range(1, 11))
    await one.delivered(hook, 20)

    await pair.one.kill()
    assert pair.one.process.returncode == -signal.SIGKILL
    killed_s = asyncio.get_running_loop().time()
    await one.uplinks(DEVICES, range(11, 21))
    totals = await two.delivered(hook, len(DEVICES) * 20)

    assert asyncio.get_running_loop().time() - killed_s < TAKEN_OVER_S
    checked(pair, await two.stored(len(DEVICES) * 20 + 1))
    assert (totals["matched"], totals["delivered"]) == (len(DEVICES) * 20,) * 2
