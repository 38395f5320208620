"""A disk that is full, that fails once, or that gave back something else: the real service.

Real: the process, mosquitto, HTTP, SQLite, the kernel. Injected by strace: errors of system calls.
"""

import asyncio
import contextlib
import sqlite3

import pytest

from gateway.tests.faults.test_starts import refusal
from gateway.tests.faults.tracing import traced
from gateway.tests.faults.waiting import until
from tools.bench.main_job.service import ServiceError

pytestmark = [pytest.mark.slow, pytest.mark.faults]


class Injected:
    """said: what strace noted of the calls, the failed ones with `(INJECTED)`."""

    def __init__(self, log):
        self._log = log

    def said(self):
        return self._log.read_text()

    async def happened(self):
        """Wait until a call failed."""
        await until(lambda: "(INJECTED)" in self.said(), 20)


@contextlib.asynccontextmanager
async def failing(process, calls, how, log):
    """`calls` of a running process fail with `how`, an errno and `:when=`, while inside."""
    tracer = await asyncio.create_subprocess_exec(
        *traced("-f", "-e", f"trace={calls}", "-e", f"inject={calls}:error={how}"),
        "-o", str(log), "-p", str(process.pid),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert tracer.stderr
    async with asyncio.timeout(20):
        first = await tracer.stderr.readline()
    assert b"attached" in first, first.decode()
    try:
        yield Injected(log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            tracer.terminate()
        await tracer.communicate()


def once(entries):
    """(device, number) of each reading, none twice."""
    found = [(one["subject"], one["data"]["seq"]) for one in entries]
    assert len(found) == len(set(found))
    return set(found)


async def test_a_disk_that_fills_up_stops_intake_and_frees_it_without_a_restart(scene, tmp_path):
    await scene.service.start()
    await scene.listening(scene.devices[0])
    before = len(await scene.stored(1))

    async with failing(scene.service.process, "pwrite64", "ENOSPC", tmp_path / "trace") as full:
        await scene.uplinks(scene.devices, [1, 2])
        await full.happened()
        during = await scene.stored(before)
        told = await scene.trouble()
        assert scene.service.process.returncode is None

    count = before + 2 * len(scene.devices)
    assert len(during) == before
    assert "database or disk is full; nothing new has been kept for" in told
    await scene.well()
    assert len(once(await scene.stored(count))) == count


async def test_after_an_eio_nothing_is_acknowledged_and_a_restart_has_it_all(scene, tmp_path):
    """The kernel reports a failed fdatasync once and forgets the pages: a retry proves nothing."""
    await scene.service.start()
    await scene.listening(scene.devices[0])
    first = scene.service.process

    async with failing(first, "fdatasync", "EIO:when=1", tmp_path / "trace") as failed:
        await scene.uplinks(scene.devices, [1])
        await failed.happened()
        assert await asyncio.wait_for(first.wait(), 20) != 0
    said = scene.service.tail()
    await scene.service.start()

    assert "disk I/O error" in said
    count = 1 + len(scene.devices)
    assert len(once(await scene.stored(count))) == count


async def test_a_damaged_store_is_refused_with_its_path(scene):
    await scene.service.start()
    await scene.listening(scene.devices[0])
    await scene.service.stop()
    path = scene.service.folder / "lamplighter.db"
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = store.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'event'")
        [root] = found.fetchone()
        [size] = store.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)

    with pytest.raises(ServiceError) as ended:
        await scene.service.start()
    assert f"the store {path} is damaged or its disk failed" in str(ended.value)
    assert "Next: the operator repairs the machine" in str(ended.value)
    assert scene.service.process.returncode == 5


async def test_a_disk_that_is_full_at_the_start_is_said_in_one_sentence(scene, tmp_path):
    await scene.service.start()
    await scene.service.stop()
    prefix = traced("-f", "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC")

    status, said = await refusal(scene.service.config, (*prefix, "-o", str(tmp_path / "trace")))

    assert "(INJECTED)" in (tmp_path / "trace").read_text()
    assert (status, said.count("\n")) == (4, 2)
    assert "lamplighter.db is full; the operator frees space" in said
