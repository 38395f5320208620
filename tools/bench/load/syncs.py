"""How often a process waits for its disk: fdatasync and fsync, counted by strace."""

import asyncio
import contextlib
import re
import shutil
import signal
from collections.abc import AsyncGenerator

ATTACHES_S = 10.0
CALLS = re.compile(r"^[ \d.]+ +(\d+) +(?:\d+ )?(?:fdatasync|fsync)$", re.MULTILINE)
"""The calls of one system call in the summary of `strace -c`, before the column of errors."""


class Count:
    """calls: so far; known once the count has ended."""

    calls = 0


def possible() -> bool:
    """Whether strace is on this machine."""
    return shutil.which("strace") is not None


@contextlib.asynccontextmanager
async def counting(pid: int) -> AsyncGenerator[Count]:
    """Count the calls of a process and all its threads while inside. Needs strace."""
    count = Count()
    strace = await asyncio.create_subprocess_exec(
        "strace", "-f", "-c", "-e", "trace=fdatasync,fsync", "-p", str(pid),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert strace.stderr
    async with asyncio.timeout(ATTACHES_S):
        first = await strace.stderr.readline()
    if b"attached" not in first:
        raise RuntimeError(f"strace cannot attach: {first.decode().strip()}")
    try:
        yield count
    finally:
        strace.send_signal(signal.SIGINT)
        said = (await strace.stderr.read()).decode()
        await strace.wait()
        count.calls = sum(map(int, CALLS.findall(said)))
