"""Unmodified mpremote on the port of an emulated board, and the wait for what it does there."""

import asyncio
import sys

from tools.bench.child import ended


async def until(condition, within_s=30.0):
    """Wait until something is so; what is waited for is another process."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.02)


async def mpremote(path, *words, stdin=asyncio.subprocess.DEVNULL):
    """Runs mpremote on the port; returns its exit status and output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mpremote", "connect", path, *words,
        stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    return await ended(process, 60)
