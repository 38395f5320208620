"""The gateway as an operator runs it: `lamplighter serve`, a process, used over REST."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from tools.setup.children import die_with_parent
from tools.setup.paths import ROOT


class ServiceError(RuntimeError):
    """The gateway process failed or refused a call; the message holds the reason or its log."""


class GatewayService:
    """One `lamplighter serve` process with its configuration, log and store in `folder`.

    config: the TOML text. bind: "host:port" of its REST API, as in the TOML.
    program: what Python runs as the service, with its options.
    """

    def __init__(self, folder: Path, config: str, bind: str) -> None:
        self.folder = folder
        self.bind = bind
        self.config = folder / "gateway.toml"
        self.config.write_text(config)
        self.log = folder / "gateway.log"
        self.key = ""
        self.program = ("-m", "gateway")
        self.process: asyncio.subprocess.Process | None = None
        self._http: aiohttp.ClientSession | None = None

    async def cli(self, *arguments: str, given: str = "") -> Any:
        """Runs `lamplighter ARGUMENTS --json` and returns what it printed, parsed.

        given: on its stdin.
        """
        command = [
            sys.executable,
            "-m",
            "gateway",
            "--config",
            str(self.config),
            *arguments,
            "--json",
        ]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(given.encode())
        if process.returncode:
            output = err.decode().strip() or out.decode().strip()
            raise ServiceError(f"lamplighter {' '.join(arguments)}: {output}")
        return json.loads(out)

    async def start(self, within_s: float = 20.0) -> None:
        """Starts the process, returns when its API answers. Raises ServiceError with its log."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self.program, "--config", str(self.config), "serve",
                cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        if not self._http:
            headers = {"Authorization": f"Bearer {self.key}"}
            self._http = aiohttp.ClientSession(f"http://{self.bind}", headers=headers)
        deadline = time.monotonic() + within_s
        while not await self._healthy() and time.monotonic() < deadline:  # noqa: ASYNC110 - HTTP
            await asyncio.sleep(0.05)
        if time.monotonic() >= deadline:
            raise ServiceError(f"the gateway did not answer within {within_s} s; {self.tail()}")

    async def _healthy(self) -> bool:
        assert self._http
        assert self.process
        if self.process.returncode is not None:
            raise ServiceError(f"the gateway ended with {self.process.returncode}; {self.tail()}")
        try:
            async with self._http.get("/v1/health") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """One REST call with the admin key; returns the JSON answer. Raises ServiceError."""
        assert self._http, "start() was not called"
        async with self._http.request(method, path, json=body) as answer:
            parsed = await answer.json() if answer.content_length else None
            if answer.status >= 400:
                raise ServiceError(f"{method} {path}: {answer.status} {parsed}")
            return parsed

    def tail(self, lines: int = 20) -> str:
        """The end of the process's log."""
        text = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "its log ends:\n" + "\n".join(text[-lines:])

    async def kill(self) -> None:
        """SIGKILL: nothing that is not on disk survives."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, as a service manager does; SIGKILL after 10 s."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self.process and self.process.returncode is None:
            self.process.send_signal(how)
            try:
                await asyncio.wait_for(self.process.wait(), 10)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    async def close(self) -> None:
        """Ends the process and the HTTP session."""
        await self.stop()
        if self._http:
            await self._http.close()
