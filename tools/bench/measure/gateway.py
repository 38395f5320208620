"""Uplinks through the gateway to a webhook: how many, at what CPU, how late; and the rooflines.

`lamplighter serve`, mosquitto, the generator and the backend are processes, each with its own
share of the CPU. Aims hold on two cores that do nothing else. `gateway_load` has the long rows.
"""

from __future__ import annotations

from tools.bench.load.process import Child, cpu_s
from tools.bench.load.scene import Run, gateway, kept, roofline, surroundings
from tools.bench.measure import Figure

BURST = 20_000
SLOW_S = 25.0
"""A burst that takes longer is cut: what came through by then gives the rate."""
RATE = 500
PACED_S = 4
POSTS = 4000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the roofline's webhook alone
HERE = "this machine"
PER_S = 12_000
EACH_US = 80
AROUND_US = 80
"""More, and two cores could not hold the aims."""
PACED_US = 400
OVER_ROOFLINE = 1.5
"""The aim of the delay's p99 is this times the roofline's of the same run."""


async def measure() -> list[Figure]:
    """The rooflines, then the service, in one run of this machine."""
    async with roofline("ack_after_commit", SECRET) as (scene, _):
        least = await scene.run(BURST)
        least_paced = await scene.run(RATE * PACED_S, rate=RATE)
    figures = [
        Figure("roofline, ack after commit: uplinks/s", least.per_s, "/s", where=HERE),
        Figure("roofline, ack after commit: CPU an uplink", _us(least), "us", where=HERE),
        Figure("roofline, bare POST by aiohttp: CPU each", await _post_us(), "us", where=HERE),
    ]
    read_us = await _reader_us()
    kept_us = await _kept_us()
    async with gateway() as (scene, _):
        burst = await scene.run(BURST, most_s=SLOW_S)
    async with gateway() as (scene, _):
        paced = await scene.run(RATE * PACED_S, rate=RATE)
    figures += _burst(burst)
    figures += stages(read_us, kept_us, _us(burst))
    return figures + _paced(paced, least_paced)


def _us(run: Run) -> float:
    return run.cpu_us["service"]


def _burst(run: Run) -> list[Figure]:
    figures = [
        Figure(f"burst of {BURST}: uplinks/s", run.per_s, "/s", PER_S, least=True, where=HERE),
        Figure("burst: CPU an uplink", _us(run), "us", EACH_US, where=HERE),
    ]
    others = [(name, us) for name, us in run.cpu_us.items() if name != "service"]
    figures += [
        Figure(f"burst: CPU an uplink, {name}", us, "us", where=HERE) for name, us in others
    ]
    return [
        *figures,
        Figure("burst: CPU an uplink, all but the service", run.around_us, "us", AROUND_US,
               where=HERE),
        wrong("burst", run),
    ]  # fmt: skip


def wrong(name: str, run: Run) -> Figure:
    """What came refused, repeated or out of order, or did not come; printed where there is any."""
    found = [*run.wrong, f"{run.missing} missing"] if run.missing else run.wrong
    if found:
        print(f"   {name}: {'; '.join(found)}", flush=True)
    return Figure(f"{name}: missing, repeated, unordered, refused", len(found), "", 0, where=HERE)


def stages(read_us: float, kept_us: float, whole_us: float) -> list[Figure]:
    """CPU an uplink by stage: differences of three runs."""
    return [
        Figure("stage: read and acknowledge", read_us, "us", where=HERE),
        Figure("stage: ingest and commit, without a webhook", kept_us - read_us, "us", where=HERE),
        Figure("stage: delivery and POST", whole_us - kept_us, "us", where=HERE),
    ]  # fmt: skip


def _paced(run: Run, least: Run) -> list[Figure]:
    aim = OVER_ROOFLINE * least.late(0.99)
    return [
        Figure(f"roofline at {RATE}/s: late, p50", least.late(0.5), "ms", where=HERE),
        Figure(f"roofline at {RATE}/s: late, p99", least.late(0.99), "ms", where=HERE),
        Figure(f"at {RATE}/s: late, p50", run.late(0.5), "ms", where=HERE),
        Figure(f"at {RATE}/s: late, p99", run.late(0.99), "ms", aim, where=HERE),
        Figure(f"at {RATE}/s: CPU an uplink", _us(run), "us", PACED_US, where=HERE),
        wrong(f"at {RATE}/s", run),
    ]  # fmt: skip


async def _post_us() -> float:
    async with surroundings() as (scene, _), _aiohttp(scene.url) as child:
        await child.said()
        before = cpu_s(child.pid)
        posted = (await child.ask(count=POSTS))["posted"]
        return (cpu_s(child.pid) - before) / posted * 1e6


def _aiohttp(url: str) -> Child:
    return Child("tools.bench.load.aiohttp_post", 0, url)


async def _reader_us() -> float:
    async with roofline("reader") as (scene, child):

        async def count() -> int:
            return (await child.ask(count=True))["count"]

        return _us(await scene.run(BURST, most_s=SLOW_S, through=count))


async def _kept_us() -> float:
    async with gateway(webhooks=0) as (scene, service), kept(service) as count:
        return _us(await scene.run(BURST, most_s=SLOW_S, through=count))
