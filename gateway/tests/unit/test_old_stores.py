"""A store written by an earlier gateway opens with every row, and work goes on from it."""

import asyncio
import contextlib
import json
import shutil
from pathlib import Path

import msgspec
import pytest

from gateway.commands import Commands
from gateway.delivery import Deliverer
from gateway.events import Event, JoinedData
from gateway.networks import virtual
from gateway.schedule import Schedule
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store
from gateway.tests.unit.outbox_bench import ScriptedSink, settled
from gateway.webhooks import enable, replay

DATA = Path(__file__).parents[1] / "data"
BIN = "70b3d57ed005a0a1"
KNOWN = json.loads((DATA / "store_1.json").read_text())
LATER_MS = 1_795_572_000_000 + 7 * 86_400_000


@pytest.fixture(params=["store_1.db", "store_3.db", "store_6.db", "store_7.db", "store_8.db"])
async def old(tmp_path, request):
    """A copy of a store of an earlier schema, open."""
    shutil.copy(DATA / request.param, tmp_path / "old.db")
    async with Store(tmp_path / "old.db", "lamplighter/east-town") as store:
        yield store


def everything(view):
    euis = [one.dev_eui for one in view.devices()]
    return {
        "devices": view.devices(),
        "latest": {eui: view.latest(eui) for eui in euis},
        "seen": {eui: view.seen(eui) for eui in euis},
        "events": view.events(limit=1000),
        "last_cursor": view.last_cursor(),
        "commands": view.commands(limit=1000),
        "open_commands": view.open_commands(),
        "endpoints": view.endpoints(),
        "totals": {one: view.totals(one) for one in KNOWN["totals"]},
        "deliveries": view.deliveries(limit=1000),
        "api_keys": view.api_keys(),
        "quarantined": view.quarantined(limit=1000),
    }


def missing(had, has, where=""):
    """Paths at which `has` lacks or changes something that `had`; new fields do not count."""
    if isinstance(had, dict) and isinstance(has, dict):
        return [at for key in had for at in missing(had[key], has.get(key), f"{where}.{key}")]
    if isinstance(had, list) and isinstance(has, list) and len(had) == len(has):
        return [at for n, one in enumerate(had) for at in missing(one, has[n], f"{where}[{n}]")]
    return [] if had == has else [where]


def with_desired(row):
    """A command that only the gateway had was `queued` before schema 9, and is `desired` since."""
    if row.get("state") == "queued" and row.get("queue_item_id") == "":
        return row | {"state": "desired"}
    return row


async def test_the_sums_of_an_old_store_are_those_of_its_deliveries(old):
    counted, told = await old.read(
        lambda view: (view.recount(), {one: view.totals(one) for one in view.recount()})
    )
    assert counted == told
    assert set(KNOWN["totals"]) <= set(counted)


async def test_every_row_of_an_old_store_is_there(old):
    found = json.loads(msgspec.json.encode(await old.read(everything)))

    named = [name for name in ("commands", "open_commands") for _ in KNOWN[name]]
    assert missing(json.loads(json.dumps(KNOWN), object_hook=with_desired), found) == []
    assert [one["state"] for name in set(named) for one in found[name]].count("desired") == 4
    assert {one["state"] for one in KNOWN["deliveries"]} == {
        "pending", "delivered", "dead", "withdrawn"
    }  # fmt: skip
    assert await old.read(lambda view: view.command_of_item("item-0")) is not None


async def test_a_cursor_is_never_given_twice_without_autoincrement(old):
    """Its table says nothing of it any more: the newest event stays, whatever is forgotten."""
    last = await old.read(lambda view: view.last_cursor())
    assert last == KNOWN["last_cursor"]

    for hook in [one["id"] for one in KNOWN["endpoints"]]:
        await old.write(lambda tx, id_=hook: tx.remove_endpoint(id_))
    await old.write(lambda tx: tx.forget(LATER_MS, 0, 1000))

    left = [one.cursor for one in await old.read(lambda view: view.events(limit=1000))]
    assert last in left
    assert len(left) < last
    data = JoinedData(dev_eui=BIN, device="bin-1", dev_addr="01")
    await old.write(lambda tx: tx.append("joined", BIN, LATER_MS, data))
    assert await old.read(lambda view: view.last_cursor()) == last + 1
    [(said,)] = old._writer.execute("SELECT sql FROM sqlite_schema WHERE name = 'event'")
    assert "AUTOINCREMENT" not in said
    assert old._writer.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_the_devices_of_an_old_store_are_in_service(old):
    found = await old.read(lambda view: view.devices())

    assert found
    assert all(one.in_service and one.commissioning is None for one in found)


async def test_numbers_go_on_where_an_old_store_ended(old):
    last = [one["body"] for one in KNOWN["events"]]
    sequence = max(int(one["sequence"]) for one in last if one["subject"] == BIN)
    data = JoinedData(dev_eui=BIN, device="bin-1", dev_addr="01")

    event: Event = await old.write(lambda tx: tx.append("joined", BIN, LATER_MS, data))

    assert event.sequence == str(sequence + 1)
    assert await old.read(lambda view: view.last_cursor()) == KNOWN["last_cursor"] + 1


async def test_what_an_old_store_has_pending_or_dead_is_delivered_in_order(old):
    sink = ScriptedSink()
    deliverer = Deliverer(
        old, sink, schedule=Schedule((5.0,)), clock=lambda: LATER_MS, poll_s=0.01
    )
    hooks = [one["id"] for one in KNOWN["endpoints"]]
    for hook in hooks:
        await old.write(lambda tx, id_=hook: (enable(tx, id_), replay(tx, id_, LATER_MS)))

    task = asyncio.create_task(deliverer.run())
    for hook in hooks:
        await settled(old, hook, pending=0, dead=0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    due = {one["event_id"] for one in KNOWN["deliveries"] if one["state"] in {"pending", "dead"}}
    assert set(sink.ids()) == due
    for hook in hooks:
        bodies = [json.loads(body) for where, _, body in sink.attempts if where == hook]
        numbers = [int(one["sequence"]) for one in bodies if one["subject"] == BIN]
        assert numbers == sorted(numbers)


async def test_the_open_commands_of_an_old_store_end(old):
    commands = Commands(old, virtual.Network(), CommandSettings(), lambda: LATER_MS)
    begun = [one["id"] for one in KNOWN["open_commands"]]
    assert len(begun) == 4

    while await old.read(lambda view: view.open_commands()):
        await commands.step()

    ended = await old.read(lambda view: [view.command(one).state for one in begun])
    assert set(ended) <= {"expired", "failed", "unknown"}
