"""The bench's modem in a time that a test moves, and a node's cellular link over it."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any, ClassVar, Self

from tests.fake_device import Clock, Log, folder, machine

# isort: split
from node.journal import Journal
from node.links import cellular
from node.outbox import Outbox
from node.store import Store
from wire import codec

from tools.setup import paths

DEV_EUI = "70b3d57ed00000a1"
LOCKSTEP = paths.SIM / "modem" / "lockstep.mjs"


class SetClock(Clock):
    """Time that the modem moves and the network sets."""

    def set_unix(self, unix_us: int, _at_us: int, _error_ms: int) -> None:
        self.unix_s = unix_us // 1000000


class Lockstep:
    """The model as a process; `run` moves its time. It is the driver's UART and Pin too.

    patience: real ms that the far end has to say something in a long step.
    """

    def __init__(self, **around: Any) -> None:
        self._around = around
        self._to_host = b""
        self._to_modem = b""
        self._key: dict[str, int] = {}
        self.clock = SetClock()
        self.patience = 50

    async def __aenter__(self) -> Self:
        node = str(paths.NODE) if paths.NODE.exists() else "node"
        self._process = await asyncio.create_subprocess_exec(
            node, str(LOCKSTEP), json.dumps(self._around),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()

    async def _ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        answer = json.loads(await self._process.stdout.readline())
        self._to_host += base64.b64decode(answer["data"])
        return answer

    async def run(self, ms: float) -> None:
        """Let so much time pass, for the modem and for the node's clock."""
        data, self._to_modem = self._to_modem, b""
        key, self._key = self._key, {}
        text = base64.b64encode(data).decode()
        await self._ask(ms=ms, data=text, patience=self.patience, **key)
        self.clock.now_us += round(ms * 1000)

    async def set(self, **values: Any) -> None:
        """As the part's `set`."""
        await self._ask(set=values)

    async def ledger(self) -> dict[str, Any]:
        return (await self._ask(ledger=True))["ledger"]

    def came(self, data: bytes) -> None:
        """Bytes on the line that the model did not send."""
        self._to_host += data

    # --- machine.UART and machine.Pin ---

    def any(self) -> int:
        return len(self._to_host)

    def read(self, count: int) -> bytes:
        data, self._to_host = self._to_host[:count], self._to_host[count:]
        return data

    def write(self, data: bytes) -> None:
        self._to_modem += data

    def __call__(self, level: int) -> None:
        """The GPIO at the power key."""
        self._key = {"key": level}


class Board:
    """A board whose modem is the model."""

    CELLULAR: ClassVar = {"chip": "sim7080g", "uart": 1, "tx": 4, "rx": 5, "key": 9}


class Power:
    """Mains or a cell."""

    def __init__(self, sleeper: bool) -> None:
        self.sleeper = sleeper

    def feed(self) -> None:
        pass


class Config(dict):
    """Settings and where they lie."""

    boots = 3
    path = ""


class Node:
    """What a link needs of a node: real journal, outbox and store; readings by `read`."""

    def __init__(self, modem: Lockstep, monkeypatch, ca: bytes, sleeper=True, **settings) -> None:
        monkeypatch.setattr(machine, "UART", lambda *_all, **_more: modem)
        monkeypatch.setattr(
            machine, "Pin", type("Pin", (), {"OUT": 1, "__new__": lambda *_a, **_m: modem})
        )
        monkeypatch.setattr(cellular.Link, "_pause", lambda _link, ms: modem.run(ms))
        self.modem = modem
        self.board, self.power, self.clock, self.log = Board(), Power(sleeper), modem.clock, Log()
        self.root = folder()
        self.settings(ca, **settings)
        self.store = Store(self.root + "/state")
        self.journal = Journal(self.store, self.root + "/journal")
        self.config = Config(dev_eui=DEV_EUI, confirm_every=4, repeat=0, report_s=600)
        self.config.path = self.root + "/device.json"
        self.outbox = Outbox(self.journal, self.config, self.clock, modem.run)
        self.lock, self.wake = asyncio.Lock(), asyncio.Event()
        self.inbox: list[tuple[int, bytes]] = []
        self.answers = 0
        self.link = cellular.Link(self)

    def settings(self, ca: bytes, **given: Any) -> None:
        """Write /cellular.json and /ca.pem."""
        given = {"apn": "iot.example", "broker": "", "token": "t0ken"} | given
        Path(self.root, "cellular.json").write_text(json.dumps(given))
        Path(self.root, "ca.pem").write_bytes(ca)

    def received(self, fport: int, data: bytes) -> None:
        self.inbox.append((fport, data))

    def heard(self) -> None:
        self.answers += 1

    def read(self, count: int = 1) -> None:
        """Journal some readings."""
        for _ in range(count):
            values = {"seq": self.journal.next_seq, "age": 0, "valid": 7, "uncalibrated": 0}
            values |= dict.fromkeys(("obstructed", "suspect", "low_battery"), 0)
            data = codec.pack("bin", values)
            self.journal.add(3, self.clock.uptime_s(), 0, 10, data)

    async def talk(self, most_s: float = 300) -> None:
        """As the node's flow: let the link do what is due, in at most so much time."""
        until_us = self.clock.us() + most_s * 1e6
        while self.clock.us() < until_us:
            wait_us = self.link.wait_us()
            if wait_us is None:
                return
            if wait_us:
                await self.modem.run(min(wait_us, until_us - self.clock.us()) / 1000)
            else:
                await self.link.run_once()

    def said(self) -> str:
        return "\n".join(self.log.lines)
