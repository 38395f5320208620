"""The gateway's subscription alone: reads and acknowledges, keeps nothing. A stage of its path.

    python -m tools.bench.load.reader MQTT_PORT

Says one line when it listens; then {"count": true} is answered with the messages so far.
"""

import asyncio
import json
import sys
from contextlib import suppress

from gateway import loop
from gateway.logs import configure
from gateway.networks._broker import Broker
from gateway.networks._subscription import Subscription
from gateway.networks.chirpstack.events import TOPIC
from tools.bench.load.process import questions


async def main() -> None:
    """Run until stdin ends."""
    count = 0

    async def read() -> None:
        nonlocal count
        async for batch in subscription.batches():
            for envelope in batch:
                envelope.acknowledge()
            count += len(batch)

    broker = Broker(url=f"mqtt://127.0.0.1:{sys.argv[1]}", client_id="reader", topic=TOPIC)
    async with Subscription(broker) as subscription:
        reading = asyncio.create_task(read())
        while not subscription.here:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        print(json.dumps({"listening": True}), flush=True)
        async for _ in questions():
            print(json.dumps({"count": count}), flush=True)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


if __name__ == "__main__":
    configure("warning", "human")
    loop.run(main())
