"""A file system that is full or fails costs the oldest readings, never the node."""

import asyncio
import json

import pytest
from tests import virtual_time
from tests.fake_air import Air
from tests.fake_flash import ENOSPC, Flash
from tests.test_node_app import made, run, until
from tests.test_node_watchdog import Lit

# isort: split
from node.app import Node
from node.segments import found
from wire import batch_decoding, codec, decoding

ONLY = "cpython"  # where time can be virtual

HOURS = 7


def command(token, name, **values):
    return codec.pack(name, {"token": token, "expires": None} | values)


def readings(air):
    """Sequence numbers of the readings that the server has."""
    seqs = []
    for _, _, _, fport, payload, _ in air.server.uplinks:
        if fport == 11:
            seqs += [one["seq"] for one in decoding.unpack(11, payload)[1]]
    return sorted(set(seqs))


def lived(break_it, at_start):
    """(world, its flash) of a lamp whose flash breaks, seven hours later. Its network is there."""
    air = Air("lamp", Lit(), report_s=600, sample_s=600)

    with Flash(air.node.store._folder.rsplit("/", 1)[0]) as flash:

        async def story():
            if at_start:
                break_it(flash)
            await until(
                lambda: air.node.link and air.node.link.ready and not air.node.journal.waiting()
            )
            break_it(flash)
            await asyncio.sleep(HOURS * 3600)
            air.downlink(30, command(8, "dim", level=20, hold=60))
            await asyncio.sleep(60)
            assert air.node.profile.lamp.level == 20
            air.downlink(31, command(9, "interval", report_s=1200, sample_s=None))
            await asyncio.sleep(60)
            return air.ports()

        ports = run(air.node, story, virtual_time.run)
    assert ports.count(21) == 2
    assert readings(air) == list(range(readings(air)[-1] + 1))
    assert len(readings(air)) >= HOURS * 6
    assert air.node.power.port.resets == 0
    return air


def test_a_full_flash_stops_neither_reports_nor_joins_nor_commands():
    for at_start in (False, True):
        lived(lambda flash: flash.fill(), at_start)


def test_a_failing_flash_stops_neither_reports_nor_joins_nor_commands():
    for at_start in (False, True):
        lived(lambda flash: flash.fail(), at_start)


@pytest.mark.slow
def test_an_outage_on_a_full_flash_costs_the_oldest_readings_and_they_are_counted():
    node = made("counter", report_s=60, sample_s=60)
    with Flash(node.store._folder) as flash:

        async def story():
            await until(lambda: node.link and node.outbox.empty())
            node.link.up = False
            await asyncio.sleep(60 * 160)
            flash.fill()
            await asyncio.sleep(60 * 160)
            waiting, dropped = node.journal.waiting(), node.journal.dropped
            node.link.up = True
            await until(node.outbox.empty)
            return waiting, dropped

        waiting, dropped = run(node, story, virtual_time.run)
    assert flash.errno == ENOSPC
    assert dropped >= 16
    assert waiting + dropped >= 320
    seqs = []
    for fport, data, _ in node.link.frames:
        if fport in (12, 52):
            unpack = decoding.unpack if fport == 12 else batch_decoding.unpack
            seqs += [one["seq"] for one in unpack(fport, data)[1]]
    late = sorted(set(seqs) - {0})
    assert late == list(range(node.journal.next_seq))[-len(late) :]
    assert len(late) + dropped >= node.journal.next_seq - 1


def test_settings_that_cannot_be_saved_are_refused_and_stay():
    node = made("counter", report_s=600)
    with Flash(node.store._folder.rsplit("/", 1)[0]) as flash:

        async def story():
            await until(lambda: node.link and node.outbox.empty())
            flash.fail()
            said = await node.shell("config report_s 60 --json")
            return json.loads(said[0]), node.config["report_s"]

        said, report_s = run(node, story, virtual_time.run)
    assert not said["ok"]
    assert said["error"].startswith("settings cannot be saved (")
    assert report_s == 600


def test_foreign_names_among_the_segments_are_no_segments():
    node = made("counter")
    folder = node.journal.folder
    for name in ("00001", "._00001", "note.txt"):
        with open(folder + "/" + name, "wb"):
            pass
    assert found(folder) == [1]
    assert Node(node.board, node.power.port, folder.rsplit("/", 2)[0], node.output).journal.idle()
