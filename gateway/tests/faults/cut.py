"""A relay before PostgreSQL's socket that loses the connection at a commit."""

import asyncio
from pathlib import Path
from typing import Any


class Relay:
    """`folder` is the `host` of its clients.

    cut: "before" loses the next COMMIT on its way to the server, "after" loses the answer, once
    the server gave it; then "" again.  fired: how often it did.
    """

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = server
        self.folder = folder
        self.cut = ""
        self.fired = 0

    async def __aenter__(self):
        path = str(self.folder / ".s.PGSQL.5432")
        self._clients: set[Any] = set()
        self._listening = await asyncio.start_unix_server(self._accept, path)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._listening.close()
        await self._listening.wait_closed()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _accept(self, reader, writer):
        self._clients.add(asyncio.current_task())
        path = str(self._server / ".s.PGSQL.5432")
        from_server, to_server = await asyncio.open_unix_connection(path)
        back = asyncio.create_task(_copy(from_server, writer))
        try:
            await self._relay(reader, to_server, from_server, back)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            for one in (to_server, writer):
                one.close()
                await one.wait_closed()

    async def _relay(self, reader, to_server, from_server, back):
        while data := await reader.read(65536):
            cut = self.cut if b"COMMIT" in data else ""
            if not cut:
                to_server.write(data)
                continue
            self.cut = ""
            self.fired += 1
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            if cut == "after":
                to_server.write(data)
                while b"COMMIT" not in await from_server.read(65536):
                    pass
            return


async def _copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
