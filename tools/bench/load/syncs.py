"""How often a process waits for its disk: fdatasync and fsync, counted by strace."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator

from tools.setup.paths import strace

ATTACHES_S = 10.0
SYNCS = ("fdatasync", "fsync")


class Count:
    """calls: so far; known once the count has ended."""

    calls = 0


@contextlib.asynccontextmanager
async def counting(pid: int) -> AsyncGenerator[Count]:
    """Count the calls of a process and all its threads while inside. Needs strace."""
    count = Count()
    found = strace()
    if found is None:
        raise RuntimeError("strace is missing: run `make bench`, which brings it")
    program, environment = found
    tracer = await asyncio.create_subprocess_exec(
        program, "-f", "-c", "-e", "trace=fdatasync,fsync", "-p", str(pid),
        stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    assert tracer.stderr
    async with asyncio.timeout(ATTACHES_S):
        first = await tracer.stderr.readline()
    if b"attached" not in first:
        raise RuntimeError(f"strace cannot attach: {first.decode().strip()}")
    try:
        yield count
    finally:
        tracer.send_signal(signal.SIGINT)
        said = (await tracer.stderr.read()).decode()
        await tracer.wait()
        count.calls = calls(said)


def calls(summary: str) -> int:
    """Those of a summary by `strace -c`: % time, seconds, usecs/call, calls, [errors], name."""
    rows = [line.split() for line in summary.splitlines()]
    return sum(int(row[3]) for row in rows if row and row[-1] in SYNCS)
