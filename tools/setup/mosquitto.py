"""The MQTT broker of the bench: mosquitto as a child process on a free port of the loopback.

MQTT v5, anonymous, queues bounded by bytes. The defaults of mosquitto would keep 1000 messages for
an absent client and drop the rest after having acknowledged them, so the count is unbounded here.
Source: mosquitto.conf(5) of 2.0.11 for every setting.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tools.setup.children import die_with_parent
from tools.setup.paths import mosquitto

QUEUE_BYTES = 64 * 1024 * 1024
"""What the broker keeps for one absent client, bytes."""
START_S = 10.0
STOP_S = 5.0


class BrokerError(Exception):
    """mosquitto did not start; the message holds the end of its log."""


class Broker:
    """One broker. `async with Broker() as broker:` gives `broker.host` and `broker.port`.

    folder: where the configuration, the log and the saved queue live; by default a temporary one.
    port: 0 takes a free one, kept over `restart`.  persistence: queues outlive a clean stop.
    extra: further settings of mosquitto.conf, which replace those here: TLS, users, an ACL.
    Raises BrokerError when mosquitto is missing or does not listen within 10 s.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        folder: Path | None = None,
        *,
        port: int = 0,
        persistence: bool = False,
        queue_bytes: int = QUEUE_BYTES,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="lamplighter-mqtt-"))
        self._persistence = persistence
        self._queue_bytes = queue_bytes
        self.extra = dict(extra or {})
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            self._forget()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
        self._forget()

    @property
    def pid(self) -> int | None:
        """Its process id; None while it does not run."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start and wait until the port accepts connections; the same port when started before."""
        found = mosquitto()
        if found is None:
            raise BrokerError(
                "mosquitto is missing: run `make run` or `make test`, they bring it."
            )
        program, environment = found
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port(self.host)
        conf = self.folder / "mosquitto.conf"
        conf.write_text(self._configuration())
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(program), "-c", str(conf), env=environment,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl-C ends the caller first and the broker last
                preexec_fn=die_with_parent,
            )  # fmt: skip
        await self._until_listening(self._process)

    async def stop(self, *, kill: bool = False) -> None:
        """End the process: SIGTERM saves the queue (with persistence), kill=True is SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def restart(self, *, kill: bool = False) -> None:
        """Stop and start on the same port."""
        await self.stop(kill=kill)
        await self.start()

    def _configuration(self) -> str:
        settings = {
            "listener": f"{self.port} {self.host}",
            "allow_anonymous": "true",
            "max_queued_messages": "0",
            "max_queued_bytes": f"{self._queue_bytes}",
            "max_packet_size": "1048576",
            "log_dest": "stderr",
        }
        if os.geteuid() == 0:
            settings["user"] = "root"  # else it becomes another user, who cannot write the folder
        if self._persistence:
            settings |= {"persistence": "true", "persistence_location": f"{self.folder}/"}
            settings |= {"autosave_on_changes": "true", "autosave_interval": "1"}
        lines = [f"{key} {value}" for key, value in (settings | self.extra).items()]
        return "\n".join([*lines, "log_type error", "log_type warning"]) + "\n"

    async def _until_listening(self, process: asyncio.subprocess.Process) -> None:
        deadline = asyncio.get_running_loop().time() + START_S
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(self.host, self.port)
                writer.close()
                return
            await asyncio.sleep(0.02)
        said = (self.folder / "mosquitto.log").read_text(errors="replace").strip()[-400:]
        await self.stop(kill=True)
        raise BrokerError(f"mosquitto does not listen on {self.host}:{self.port}: {said}")

    def _forget(self) -> None:
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
