"""`reboot`: start anew."""

import asyncio


async def run(node, _words):
    """The answer is sent first."""
    asyncio.create_task(_restart(node))
    return [("restarting", True)]


async def _restart(node):
    await asyncio.sleep_ms(300)
    node.reset()
