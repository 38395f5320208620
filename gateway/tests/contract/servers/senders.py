"""A sender that posts messages in order, and each of them again until it is answered with 200."""

import asyncio
import contextlib

import aiohttp

AGAIN_S = 0.05


class Sender:
    """What `give` and `lose` need of a network whose messages are posted.

    held(): how many requests wait at the network; the next is posted once it has the one before.
    """

    def __init__(self, url, token, body, held):
        self._url, self._token, self._body, self._held = url, token, body, held
        self._unsent = []
        self._posting = asyncio.Lock()
        self._posted = {}
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self.answers = {}

    @contextlib.asynccontextmanager
    async def sending(self):
        task = asyncio.create_task(self._forever())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, *self._posted.values(), return_exceptions=True)
            await self._session.close()

    def give(self, *counters):
        self._unsent += counters

    async def lose(self):
        """Every connection breaks; what was not answered is posted again."""
        async with self._posting:
            for task in self._posted.values():
                task.cancel()
            await asyncio.gather(*self._posted.values(), return_exceptions=True)
            while self._held():  # noqa: ASYNC110 - until the network has seen that they broke
                await asyncio.sleep(0.002)

    async def _forever(self):
        while True:
            await self._round()
            await asyncio.sleep(AGAIN_S)

    async def _round(self):
        for counter in [one for one in self._unsent if one not in self._posted]:
            async with self._posting:
                task = self._posted[counter] = asyncio.create_task(self._post(counter))
                if not await self._arrived(task):
                    return

    async def _arrived(self, task):
        """Whether the network has it, which an acknowledgement meanwhile may hide for a second."""
        before = self._held()
        for _ in range(500):
            if (await asyncio.wait({task}, timeout=0.002))[0]:
                return False
            if self._held() > before:
                break
        return True

    async def _post(self, counter):
        try:
            headers = {"Authorization": f"Bearer {self._token}"}
            body = self._body(counter)
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                self.answers[counter] = answer.status
                if answer.status == 200:
                    self._unsent.remove(counter)
        except aiohttp.ClientError:
            pass
        finally:
            del self._posted[counter]
