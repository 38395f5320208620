"""A program run as a child process to its end, which never outlives who waits for it."""

from __future__ import annotations

import asyncio


async def ended(process: asyncio.subprocess.Process, within_s: float) -> tuple[int, str]:
    """Waits for its end; returns its exit status and what it printed on the captured streams.

    A program that is late, or whose test is cancelled, is killed: it would go on holding the port
    that the next one opens. Raises TimeoutError.
    """
    try:
        async with asyncio.timeout(within_s):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert process.returncode is not None
    return process.returncode, ((out or b"") + (err or b"")).decode()
