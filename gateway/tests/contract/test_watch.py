"""`/healthz`, `/readyz` and `/metrics`, over HTTP; the rules for alerts name metrics that are."""

import re
from pathlib import Path

import aiohttp
import click
import pytest
from msgspec.structs import replace

from gateway import cli
from gateway.errors import Retry
from gateway.http import metrics
from gateway.keys import new_key
from gateway.store.sqlite import MEMORY, Store
from gateway.tests.contract.http_bench import made_parts, served
from gateway.tests.contract.store_bench import BIN, HOOK, LAMP, joined

ALERTS = Path(metrics.__file__).parents[1] / "deploy" / "alerts.yml"
SAMPLE = re.compile(r'([a-z_]+)((?:\{(?:[a-z]+="[^"\\\n]*",?)+\})?) (-?[0-9.e+]+)')
HOUR_MS = 1_699_996_400_000
"""An hour before the clock of the bench."""


class Counting:
    """A store that counts reads, and may be out of reach."""

    def __init__(self, store):
        self._store = store
        self.reads = 0
        self.failing = False
        self.said = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def troubles(self):
        return self.said

    async def read(self, question):
        self.reads += 1
        if self.failing:
            raise Retry("the disk does not answer")
        return await self._store.read(question)


@pytest.fixture
async def store():
    async with Store(MEMORY) as opened:
        yield Counting(opened)


@pytest.fixture
async def site(store):
    key, text = new_key("prometheus", "read", 1)
    await store.write(lambda tx: tx.add_api_key(key))
    async with served(made_parts(store)) as url, aiohttp.ClientSession(url) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        yield client


async def get(site, path, **more):
    async with site.get(path, **more) as answer:
        return answer.status, await answer.text()


def samples(text):
    """{name and labels: value}; each line is in the text format."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            matched = SAMPLE.fullmatch(line)
            assert matched, line
            name, labels, value = matched.groups()
            assert name + labels not in found
            found[name + labels] = float(value)
    return found


async def test_the_metrics_are_what_the_store_holds(site, store):
    await store.write(lambda tx: [tx.add_device(one) for one in (BIN, LAMP)])
    await store.write(lambda tx: tx.add_endpoint(HOOK))
    await store.write(lambda tx: [joined(tx, at_ms=HOUR_MS) for _ in range(3)])
    await store.write(lambda tx: tx.put_endpoint(replace(HOOK, disabled_reason="gone")))
    await store.write(lambda tx: tx.quarantine(1, "", "t", b"x", "r"))

    status, text = await get(site, "/metrics")

    found = samples(text)
    labels = '{webhook="h1",kind="webhook"}'
    assert status == 200
    assert {
        name: found[name]
        for name in found
        if not name.startswith(("process_", "lamplighter_build", "lamplighter_log"))
    } == {
        "lamplighter_events_total": 3,
        "lamplighter_newest_event_age_seconds": 3600,
        "lamplighter_devices": 2,
        "lamplighter_quarantined_messages": 1,
        "lamplighter_open_commands": 0,
        "lamplighter_network_troubles": 0,
        "lamplighter_store_troubles": 0,
        f"lamplighter_webhook_matched_total{labels}": 3,
        f"lamplighter_webhook_delivered_total{labels}": 0,
        f"lamplighter_webhook_pending{labels}": 3,
        f"lamplighter_webhook_dead{labels}": 0,
        f"lamplighter_webhook_disabled{labels}": 1,
    }
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert found["process_open_fds"] > 3
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert names == [one.name for one in metrics.METRICS]


async def test_no_label_names_a_device_however_many_there_are(site, store):
    before = len((await get(site, "/metrics"))[1].splitlines())
    for number in range(200):
        device = replace(BIN, dev_eui=f"{number:016x}", name=f"bin {number}")
        await store.write(lambda tx, one=device: tx.add_device(one))

    async with served(made_parts(store)) as url, aiohttp.ClientSession(url) as client:
        _, text = await get(client, "/metrics", headers=site.headers)

    assert "lamplighter_devices 200" in text
    assert len(text.splitlines()) <= before


async def test_many_scrapes_at_once_read_the_store_once_beside_their_keys(site, store):
    store.reads = 0
    for _ in range(10):
        assert (await get(site, "/metrics"))[0] == 200

    assert store.reads == 10 + 1  # each key is looked up, as it may have been revoked


async def test_answers_are_counted_by_the_class_of_their_status(site):
    await get(site, "/v1/nothing")
    await get(site, "/v1/devices")

    found = samples((await get(site, "/metrics"))[1])

    assert found['lamplighter_http_answers_total{status="4xx"}'] == 1
    assert found['lamplighter_http_answers_total{status="2xx"}'] == 1


async def test_metrics_need_a_key_and_health_needs_none(site):
    bare = {"Authorization": ""}
    assert (await get(site, "/metrics", headers=bare))[0] == 401
    assert await get(site, "/healthz", headers=bare) == (200, "ok\n")
    assert await get(site, "/readyz", headers=bare) == (200, "ok\n")


async def test_without_the_store_it_lives_but_is_not_ready(site, store):
    store.failing = True
    unread = await get(site, "/readyz")
    alive = await get(site, "/healthz")
    store.failing = False
    store.said = ["the disk has 3 days left"]
    troubled = await get(site, "/readyz")

    assert (unread, alive) == ((503, "the store does not answer\n"), (200, "ok\n"))
    assert troubled == (503, "the store is in trouble: see /v1/health\n")


def test_each_alert_names_metrics_that_are_and_what_to_do():
    rules = ALERTS.read_text().split("- alert: ")[1:]
    known = {one.name for one in metrics.METRICS}
    kinds = {one.name: one.kind for one in metrics.METRICS}
    assert len(rules) >= 10
    for rule in rules:
        expression = "".join(re.findall(r"expr: (.+)", rule))
        named = set(re.findall(r"(?:lamplighter|process)_[a-z_]+", expression))
        assert named, rule
        assert named <= known, rule
        assert ("rate(" in expression) <= {kinds[one] for one in named}.issubset({"counter"}), rule
        assert re.search(r"summary: \S.+\.\n", rule), rule
        assert re.search(r'runbook: "\S.{20,}"', rule), rule


def test_each_command_of_a_runbook_is_there():
    for line in re.findall(r"lamplighter ([a-z]+(?: [a-z]+)?)", ALERTS.read_text()):
        one = cli.main
        for word in line.split():
            if isinstance(one, click.Group):
                one = one.commands[word]
