"""Broker, generator and backend around one service, and a run of uplinks through all of them."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.model import Device
from gateway.store.sqlite import Store
from tools.bench.load import uplinks
from tools.bench.load.process import Child, cpu_s
from tools.bench.main_job.service import GatewayService
from tools.bench.main_job.street import free_port
from tools.setup.mosquitto import Broker

CONFIG = """\
site = "street"

[network]
kind = "chirpstack"
grpc = "http://127.0.0.1:{nothing}"
mqtt = "mqtt://127.0.0.1:{mqtt}"

[http]
bind = "127.0.0.1:{http}"

[delivery]
allow_private = true
"""
LISTENS_S = 20.0
LOOK_S = 0.02
"""Between two looks at how far a run is."""
STALLS_S = 5.0
"""Nothing new arrives for so long: the run is over, and what is missing is missing."""


@dataclass
class Run:
    """What one run showed. cpu_us: an uplink that came through, by process.

    late_ms: sorted; empty without POSTs.
    missing: uplinks that did not come through.  wrong: what a sound run has none of.
    """

    uplinks: int
    seconds: float
    cpu_us: dict[str, float]
    late_ms: list[float]
    missing: int
    wrong: list[str]

    @property
    def per_s(self) -> float:
        """Uplinks a second that came through, from the first packet to the last arrival."""
        return (self.uplinks - self.missing) / self.seconds

    @property
    def around_us(self) -> float:
        """CPU an uplink of everything but the service, us."""
        return sum(us for name, us in self.cpu_us.items() if name != "service")

    def late(self, share: float) -> float:
        """A quantile of the delay, ms; infinite where events are missing."""
        if self.missing or not self.late_ms:
            return float("inf")
        return self.late_ms[round(share * (len(self.late_ms) - 1))]


class Scene:
    """What stands around a service. secrets: {path: secret} of the webhooks it sends to.

    service: its process id.  devices: those that report by turns.
    """

    def __init__(self, broker: Broker, generator: Child, receiver: Child, port: int) -> None:
        self.broker = broker
        self.generator = generator
        self.receiver = receiver
        self.url = f"http://127.0.0.1:{port}"
        self.secrets: dict[str, str] = {}
        self.service = 0
        self._first: dict[int, int] = {}

    async def run(
        self,
        count: int,
        *,
        devices: int = 200,
        rate: float = 0.0,
        most_s: float = 60.0,
        through: Callable[[], Awaitable[int]] | None = None,
    ) -> Run:
        """Send uplinks and wait until all have come through.

        rate: 0 is a burst.  through: how many have come through; None: as each webhook has them.
        """
        first = self._first.get(devices, 0)
        self._first[devices] = first + -(-count // devices)
        sent = {"devices": devices, "first": first, "count": count, "rate": rate}
        await self.generator.ask(**sent)
        before = self._cpu_s()
        going = asyncio.create_task(self.generator.ask(go=True))
        ended = await self._come(count, through or self._posted, most_s, going)
        after = self._cpu_s()
        began = (await going)["began"]
        said = await self.receiver.ask(judge=sent | {"secrets": self.secrets, "began": began})
        came = await through() if through else said["events"] // max(len(self.secrets), 1)
        return Run(
            uplinks=count,
            seconds=(ended if through else said["last"]) - began,
            cpu_us={name: (after[name] - before[name]) / max(came, 1) * 1e6 for name in after},
            late_ms=said["late_ms"],
            missing=count - came,
            wrong=_wrong(said),
        )

    async def _posted(self) -> int:
        """Uplinks that the backend has taken, each as often as there are webhooks."""
        return (await self.receiver.ask(count=True))["count"] // len(self.secrets)

    async def _come(
        self, wanted: int, through: Callable[[], Awaitable[int]], most_s: float,
        going: asyncio.Task[Any],
    ) -> float:  # fmt: skip
        """Wait for so many, or until none comes any more; returns when the last came."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + most_s
        count = 0
        changed = loop.time()
        while count < wanted and loop.time() < ends:
            await asyncio.sleep(LOOK_S)
            now = await through()
            if now != count:
                count = now
                changed = loop.time()
            if going.done() and loop.time() - changed > STALLS_S:
                break
        return changed

    def _cpu_s(self) -> dict[str, float]:
        assert self.broker.pid
        pids = {
            "service": self.service,
            "generator": self.generator.pid,
            "broker": self.broker.pid,
            "receiver": self.receiver.pid,
        }
        return {name: cpu_s(pid) for name, pid in pids.items()}


def _wrong(said: dict[str, Any]) -> list[str]:
    found = [f"{said[name]} {name}" for name in ("repeated", "unordered") if said[name]]
    return found + said["refused"]


@contextlib.asynccontextmanager
async def surroundings() -> AsyncGenerator[tuple[Scene, Path]]:
    """A Scene without a service, and a folder for one."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lamplighter-load-")))
        broker = await stack.enter_async_context(Broker(folder / "mqtt"))
        generator = Child("tools.bench.load.generator", broker.host, broker.port)
        receiver = await stack.enter_async_context(Child("tools.bench.load.receiver"))
        port = (await receiver.said())["port"]
        yield Scene(broker, await stack.enter_async_context(generator), receiver, port), folder


@contextlib.asynccontextmanager
async def gateway(
    *, devices: int = 200, webhooks: int = 1, batch: int = 1, config: str = ""
) -> AsyncGenerator[tuple[Scene, GatewayService]]:
    """A Scene around `lamplighter serve`, listening. batch: of the webhooks. config: more TOML."""
    async with surroundings() as (scene, folder), contextlib.AsyncExitStack() as stack:
        http = free_port()
        text = CONFIG.format(nothing=free_port(), mqtt=scene.broker.port, http=http)
        service = GatewayService(folder, text + config, f"127.0.0.1:{http}")
        stack.push_async_callback(service.close)
        service.key = (await service.cli("key", "add", "load", "--scope", "admin"))["key"]
        await _register(folder / "lamplighter.db", devices)
        await service.start()
        for number in range(webhooks):
            body = {"url": f"{scene.url}/{number}", "batch": batch}
            made = await service.request("POST", "/v1/webhooks", body)
            scene.secrets[f"/{number}"] = made["secret"]
        assert service.process
        scene.service = service.process.pid
        await _listening(service)
        yield scene, service


@contextlib.asynccontextmanager
async def kept(service: GatewayService) -> AsyncGenerator[Callable[[], Awaitable[int]]]:
    """Asks the service's store how many events it has, without asking the service."""
    async with Store(service.folder / "lamplighter.db") as store:
        yield lambda: store.read(lambda view: view.last_cursor())


@contextlib.asynccontextmanager
async def roofline(module: str, secret: str = "") -> AsyncGenerator[tuple[Scene, Child]]:
    """A Scene around a part of the gateway's work. secret: what it signs with; empty: no POST."""
    async with surroundings() as (scene, folder):
        arguments = (scene.broker.port, f"{scene.url}/0", secret, folder)
        async with Child(f"tools.bench.load.{module}", *arguments) as child:
            await child.said()
            scene.service = child.pid
            scene.secrets = {"/0": secret} if secret else {}
            yield scene, child


async def _register(path: Path, count: int) -> None:
    made = [
        Device(dev_eui=uplinks.dev_eui(n), name=f"{uplinks.PROFILE}-{n}",
               profile=uplinks.PROFILE, join_eui="0" * 16)
        for n in range(count)
    ]  # fmt: skip
    async with Store(path) as store:
        await store.write(lambda tx: [tx.add_device(one) for one in made])


async def _listening(service: GatewayService) -> None:
    """Wait for its subscription: before it the broker keeps nothing for it."""
    async with asyncio.timeout(LISTENS_S):
        while "listening" not in service.log.read_text():  # noqa: ASYNC110 - a process's log
            await asyncio.sleep(0.05)
