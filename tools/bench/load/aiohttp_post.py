"""A bare POST by aiohttp, as many at a time as the gateway's `delivery.parallel`: a peer.

    python -m tools.bench.load.aiohttp_post MQTT_PORT URL

Says one line when it is ready; then {"count": n} posts n bodies and is answered.
"""

import asyncio
import json
import sys

import aiohttp

from gateway import loop
from gateway.logs import configure
from tools.bench.load.process import questions

PARALLEL = 8
BODY = b"x" * 900
"""As long as a reading's event."""
HEADERS = {"content-type": "application/cloudevents+json"}


async def main() -> None:
    """Post when asked, until stdin ends."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:

        async def post(count: int) -> None:
            for _ in range(count):
                async with session.post(sys.argv[2], data=BODY, headers=HEADERS) as answer:
                    await answer.read()

        print(json.dumps({"ready": True}), flush=True)
        async for asked in questions():
            each = asked["count"] // PARALLEL
            await asyncio.gather(*(post(each) for _ in range(PARALLEL)))
            print(json.dumps({"posted": each * PARALLEL}), flush=True)


if __name__ == "__main__":
    configure("warning", "human")
    loop.run(main())
