"""The sink `file`: whole lines, on the disk, in its folder; rotated, and healed after a crash."""

import asyncio
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Surroundings, file

ROOT = Path(__file__).parents[3]
TO = Endpoint(id="wh_1", kind="file", url="east/lamps.jsonl")


def event(number, size=100):
    body = json.dumps({"id": number, "filler": "x" * size}).encode()
    own = {"event_id": str(number), "type": "t", "subject": "a", "body": body}
    return Delivery(endpoint_id="wh_1", cursor=number, **own)


def sink(folder, **settings):
    around = Surroundings(clock=lambda: 0, timeout_s=5.0, allow_private=False, folder=folder)
    return file.Sink(file.Settings(**settings), around)


def numbers(path):
    """Of the events in a file; each line must be whole."""
    assert path.read_bytes().endswith(b"\n")
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


async def test_a_full_file_is_kept_under_a_number_and_the_oldest_goes(tmp_path):
    one = sink(tmp_path, max_bytes=100_000, keep=2)
    for number in range(10):
        await one.deliver(TO, [event(number, 40_000)])

    newest = tmp_path / "events" / "east" / "lamps.jsonl"
    assert numbers(newest) == [8, 9]
    assert numbers(newest.with_name("lamps.jsonl.1")) == [6, 7]
    assert numbers(newest.with_name("lamps.jsonl.2")) == [4, 5]
    assert len(list(newest.parent.iterdir())) == 3


async def test_a_crash_between_two_renames_loses_no_file(tmp_path):
    one = sink(tmp_path, max_bytes=100_000, keep=3)
    for number in range(4):
        await one.deliver(TO, [event(number, 40_000)])
    folder = tmp_path / "events" / "east"
    (folder / "lamps.jsonl.1").rename(folder / "lamps.jsonl.2")

    await one.deliver(TO, [event(4, 40_000)])

    assert numbers(folder / "lamps.jsonl") == [4]
    assert numbers(folder / "lamps.jsonl.1") == [2, 3]
    assert numbers(folder / "lamps.jsonl.3") == [0, 1]


@pytest.mark.parametrize("torn", [b'{"id": 7, "fil', b"{", json.dumps({"id": 7}).encode()])
async def test_a_line_that_a_crash_cut_off_is_removed(tmp_path, torn):
    path = tmp_path / "events" / "east" / "lamps.jsonl"
    await sink(tmp_path).deliver(TO, [event(1)])
    with path.open("ab") as opened:
        opened.write(torn)

    await sink(tmp_path).deliver(TO, [event(2), event(3)])

    assert numbers(path) == [1, 2, 3]


async def test_a_file_that_is_nothing_but_a_torn_line_begins_again(tmp_path):
    path = tmp_path / "events" / "east" / "lamps.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"id": 7')

    await sink(tmp_path).deliver(TO, [event(1)])

    assert numbers(path) == [1]


async def test_what_is_too_long_to_be_an_event_is_left_as_a_line(tmp_path):
    path = tmp_path / "events" / "east" / "lamps.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"y" * (file.LINE_BYTES + 5))

    await sink(tmp_path).deliver(TO, [event(1)])

    first, second = path.read_bytes().splitlines()
    assert first == b"y" * (file.LINE_BYTES + 5)
    assert second == event(1).body


@pytest.mark.parametrize("link", ["east", "east/lamps.jsonl"])
async def test_a_symbolic_link_out_of_the_folder_is_refused_and_nothing_written(tmp_path, link):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "events" / link).parent.mkdir(parents=True)
    (tmp_path / "events" / link).symlink_to(outside / "f" if "." in link else outside)

    with pytest.raises(Refused, match="symbolic link"):
        await sink(tmp_path).deliver(TO, [event(1)])

    assert list(outside.iterdir()) == []


async def test_a_full_disk_is_tried_again_and_leaves_no_half_of_an_event(tmp_path):
    one = sink(tmp_path)
    await one.deliver(TO, [event(1, 1_000)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(Retry, match="cannot be written: File too large"):
            await one.deliver(TO, [event(2, 300_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    await one.deliver(TO, [event(3)])

    assert numbers(tmp_path / "events" / "east" / "lamps.jsonl") == [1, 3]


async def test_a_file_that_hangs_delays_no_other(tmp_path):
    one = sink(tmp_path)
    one._timeout_s = 0.1
    await one.deliver(TO, [event(1)])
    [lock] = one._locks.values()
    with lock:
        with pytest.raises(Retry, match="still being written"):
            await one.deliver(TO, [event(2)])
        await one.deliver(Endpoint(id="wh_2", kind="file", url="west.jsonl"), [event(2)])


async def test_names_are_fsynced_before_an_event_counts(tmp_path, monkeypatch):
    """Of the file, of every folder up to the configuration's, and again after a rotation."""
    synced = []
    fsync = file.os.fsync

    def noting(number):
        synced.append(Path(f"/proc/self/fd/{number}").readlink())
        fsync(number)

    monkeypatch.setattr(file.os, "fsync", noting)
    one = sink(tmp_path, max_bytes=100_000)
    path = tmp_path / "events" / "east" / "lamps.jsonl"
    names = [path.parent, path.parent.parent, tmp_path]

    await one.deliver(TO, [event(1, 60_000)])
    assert synced == [path, *names]
    synced.clear()
    await one.deliver(TO, [event(2)])
    assert synced == [path]
    synced.clear()
    await one.deliver(TO, [event(3, 60_000)])
    assert synced == [path, *names]


async def test_a_cancelled_attempt_ends_when_its_thread_has(tmp_path):
    one = sink(tmp_path)
    await one.deliver(TO, [event(1)])
    [lock] = one._locks.values()
    lock.acquire()
    task = asyncio.create_task(one.deliver(TO, [event(2)]))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    lock.release()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert numbers(tmp_path / "events" / "east" / "lamps.jsonl") == [1, 2]


WRITER = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = ["firmware"]
from gateway.tests.unit.test_file_sink import TO, event, sink

async def main():
    one, number = sink(Path(sys.argv[1]), max_bytes=100_000, keep=1000), 0
    while True:
        number += 1
        await one.deliver(TO, [event(number, 900)])
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(4))
def test_what_counted_as_delivered_is_there_after_a_kill(tmp_path, kill):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    with process.stdout:
        delivered = [int(process.stdout.readline()) for _ in range(150 + 41 * kill)]
        process.kill()
        delivered += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()

    asyncio.run(sink(tmp_path).deliver(TO, [event(0)]))

    found = [n for path in (tmp_path / "events" / "east").iterdir() for n in numbers(path)]
    assert set(delivered) <= set(found)
    assert len(list((tmp_path / "events" / "east").iterdir())) > 1
