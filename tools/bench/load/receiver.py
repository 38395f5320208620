"""The backend: takes webhooks as they come, and verifies them when it is asked; a process.

    python -m tools.bench.load.receiver

Its first line names its port. {"count": true} is answered with the number of events,
{"judge": ...} as `verdict.judge` wants it: signatures and bodies are looked at only then, so that
the CPU of a run is that of taking them.
"""

import asyncio
import json
import re
import time
from typing import cast

from gateway import loop
from gateway.logs import configure
from tools.bench.load.process import questions
from tools.bench.load.verdict import Taken, judge

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
EVENT = b'"specversion":'
"""Once in each event; no value of the bench's events holds it."""
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Backend(asyncio.Protocol):
    """One connection: requests with a Content-Length, also several at once."""

    def __init__(self, taken: list[Taken]) -> None:
        self._taken = taken
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what the answers go to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep each whole request with its time, and answer it."""
        data = self._rest + data if self._rest else data
        while data:
            head = data.find(b"\r\n\r\n")
            if head < 0:
                break
            found = LENGTH.search(data, 0, head)
            end = head + 4 + (int(found[1]) if found else 0)
            if len(data) < end:
                break
            self._taken.append((time.monotonic(), data[:end]))
            self._transport.write(NO_CONTENT)
            data = data[end:]
        self._rest = data


async def main() -> None:
    """Serve until stdin ends."""
    taken: list[Taken] = []
    here = asyncio.get_running_loop()
    server = await here.create_server(lambda: Backend(taken), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    looked = events = 0
    async with server:
        async for request in questions():
            if "judge" in request:
                answer = judge(taken, request["judge"])
                taken.clear()
                looked = events = 0
            else:
                events += sum(one.count(EVENT) for _, one in taken[looked:])
                looked = len(taken)
                answer = {"count": events}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    configure("warning", "human")
    loop.run(main())
