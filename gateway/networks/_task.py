"""A task that runs for as long as a connection is entered."""

import asyncio
from contextlib import suppress


async def ended(task: asyncio.Task[None] | None) -> None:
    """Cancel it and wait for its end; None: none was begun. Raises what had ended it before."""
    if task:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
