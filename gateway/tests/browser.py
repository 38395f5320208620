"""A real Chromium without a window, driven over its DevTools protocol by what aiohttp has."""

import asyncio
import base64
import contextlib
import json

import aiohttp

from tools.setup.children import die_with_parent
from tools.setup.paths import chromium

OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--remote-debugging-port=0", "--window-size=1280,800", "--force-prefers-reduced-motion",
)  # fmt: skip


class Tab:
    """One page. errors: what it wrote to its console as errors, and exceptions."""

    def __init__(self, socket):
        self._socket, self._number, self._waiting = socket, 0, {}
        self.errors = []
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self):
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._waiting.pop(said["id"]).set_result(said)
            elif said["method"] == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(said["params"]["exceptionDetails"])[:600])
            elif (
                said["method"] == "Log.entryAdded" and said["params"]["entry"]["level"] == "error"
            ):
                self.errors.append(said["params"]["entry"]["text"])

    async def call(self, method, **params):
        self._number += 1
        answer = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(
            json.dumps({"id": self._number, "method": method, "params": params})
        )
        said = await asyncio.wait_for(answer, 20)
        assert "error" not in said, (method, said)
        return said["result"]

    async def run(self, script):
        """The value of an expression of JavaScript; a promise is awaited."""
        done = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    async def until(self, script, within_s=10):
        """Wait until an expression is true; returns its value."""
        end = asyncio.get_running_loop().time() + within_s
        while not (value := await self.run(script)):
            assert asyncio.get_running_loop().time() < end, (script, await self.text())
            await asyncio.sleep(0.1)
        return value

    async def text(self):
        return await self.run("document.body.innerText")

    async def press(self, key, code=0):
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more
            )

    async def write(self, text):
        await self.call("Input.insertText", text=text)

    async def picture(self, path):
        done = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(done["data"]))


@contextlib.asynccontextmanager
async def browsing(folder):
    """A tab of a new browser, while inside. folder: for its profile."""
    found = chromium()
    assert found
    program, environment = found
    process = await asyncio.create_subprocess_exec(
        program, *OPTIONS, f"--user-data-dir={folder}", "about:blank", env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        preexec_fn=die_with_parent,
    )  # fmt: skip
    assert process.stderr
    try:
        said = b""
        async with asyncio.timeout(30):
            while b"DevTools listening" not in said:
                said = await process.stderr.readline()
                assert said, "Chromium ended"
        port = said.decode().split(":")[2].split("/")[0]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/json") as answer:
                [found] = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(found["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await tab.call(f"{domain}.enable")
                yield tab
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
