"""Wait for what no event tells of, mostly as another process brings it about."""

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], object], within_s: float = 30.0) -> None:
    """Look until it is true. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what no event tells of
            await asyncio.sleep(0.02)
