"""`make run`: the main job on an emulated street, live, with a summary of evidence.

    python -m tools.bench.main_job [--for SECONDS] [--json] [--keep FOLDER] [--seed N]

Exits 0 only when everything that the scenario asks for was really seen, 1 with the list of what
was not, 2 when the street could not be set up. Ctrl-C ends everything and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click

from tools.bench.main_job import terminals
from tools.bench.main_job.scenario import Scenario
from tools.bench.main_job.service import ServiceError
from tools.bench.main_job.story import Story
from tools.bench.main_job.street import Street
from tools.bench.world.errors import SimulationError
from tools.bench.world.pace import Pace
from tools.setup.mosquitto import BrokerError

SETTINGS = {"report_s": 120, "sample_s": 30, "empty_mm": 1200, "height_mm": 1000}
"""The nodes' settings at first: a report each 2 minutes, until the interval command changes it."""
SLIP_REPORTED_MS = 2000
"""Slip, in ms, from which on the story says that this machine is too slow for paced time."""


@click.command(help=(__doc__ or "").split("\n\n")[0])
@click.option("--for", "seconds", type=click.IntRange(min=10), help="End after N s of street.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Keep store and logs in this folder."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of air, noise and passers-by."
)
def main(seconds: int | None, *, as_json: bool, keep: Path | None, seed: int) -> None:
    """Runs the street until its time is over or Ctrl-C."""
    story = Story(as_json=as_json)
    folder = keep or Path(tempfile.mkdtemp(prefix="lamplighter-street-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        code = asyncio.run(_run(story, folder, seconds, seed))
    except (BrokerError, ServiceError, SimulationError, OSError) as error:
        story.tell("error", str(error))
        code = 2
    except asyncio.CancelledError:
        code = 130  # cancelled during set-up
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


class Stop:
    """Ctrl-C or SIGTERM: cancels the street while it is set up, later only sets `asked`.

    `asked` is what counts: on Python 3.11 a cancellation that comes in the same turn as the end
    of a `wait_for` is lost.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._setting_up = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.ask)

    def ask(self) -> None:
        """Handles the signal: cancels set-up, or asks for an orderly end."""
        self.asked.set()
        if self._setting_up:
            self._setting_up.cancel()
        self.set_up()

    def set_up(self) -> None:
        """Set-up is complete: from here on a signal leads to an orderly end with a summary."""
        self._setting_up = None


async def _run(story: Story, folder: Path, seconds: int | None, seed: int) -> int:
    stop = Stop()
    story.tell("street", "everything that follows was emulated: no board was touched")
    async with Street(folder, seed=seed, settings=SETTINGS, story=story) as street:
        scenario = Scenario(
            nodes=street.names_by_eui,
            post=street.service.request,
            duty=lambda name: street.nodes[name].board.duty("lamp"),
            story=story,
        )
        _listen(street, story)
        stop.set_up()
        ended = await _live(street, scenario, seconds, stop.asked)
        return _summary(story, street, scenario, ended)


async def _live(
    street: Street, scenario: Scenario, seconds: int | None, stop: asyncio.Event
) -> str:
    """Runs the street; returns why it ended. Raises what a part of the street raised."""
    loop = asyncio.get_running_loop()
    boards = {name: node.board for name, node in street.nodes.items()}
    async with (
        street.simulation.pace() as pace,
        terminals.offered(boards, terminals.FOLDER) as ports,
    ):
        for line in terminals.hints(ports):
            street.tell(line)
        await street.power_up()
        work = [
            loop.create_task(stop.wait()),
            loop.create_task(_follow_backend(street, scenario)),
            loop.create_task(_watch(street, pace)),
        ]
        done, running = await asyncio.wait(
            work, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in running:
            task.cancel()
        for task in done:
            task.result()
    return "Ctrl-C" if stop.is_set() else f"{seconds} s of street are over"


async def _follow_backend(street: Street, scenario: Scenario) -> None:
    async for event in street.receiver.matching(lambda _: True):
        await scenario.arrived(event)


def _listen(street: Street, story: Story) -> None:
    """Adds the log lines of the boards' consoles to the story."""
    for node in street.nodes.values():
        partial = [b""]

        def heard(data: bytes, name: str = node.name, partial: list[bytes] = partial) -> None:
            *whole, partial[0] = (partial[0] + data).split(b"\n")
            for line in whole:
                if line.startswith(b"# "):
                    story.tell(name, "console " + line[2:].decode(errors="replace").strip())

        node.board.on_serial(heard)


async def _watch(street: Street, pace: Pace) -> None:
    """Raises what ended paced time; reports once that the machine is too slow for it."""
    reported = False
    while True:
        pace.check()
        if pace.slip_ms > SLIP_REPORTED_MS and not reported:
            reported = True
            street.tell(f"this machine is slow: the boards are {pace.slip_ms / 1000:.1f} s behind")
        await asyncio.sleep(0.2)


def _summary(story: Story, street: Street, scenario: Scenario, ended: str) -> int:
    """Writes what was seen; returns the exit code."""
    ledger, receiver = scenario.ledger, street.receiver
    events = ", ".join(f"{count} {kind}" for kind, count in sorted(ledger.events.items()))
    holes = ledger.holes()
    wrong = scenario.missing()
    wrong += [f"readings of {eui} without {numbers}" for eui, numbers in holes.items()]
    wrong += [f"a webhook that did not verify: {reason}" for reason in receiver.refused]
    wrong += [f"event {one} behind a later one of its device" for one in receiver.unordered]
    wrong += [f"part misused: {one}" for one in street.simulation.refusals]
    wrong += [f"air time rule broken: {one}" for one in street.simulation.violations]
    story.tell("street", f"ended: {ended}")
    story.tell("street", f"frames heard {street.forwarder.received}, sent {street.forwarder.sent}")
    story.tell("street", f"events at the backend, each verified: {events or 'none'}")
    for name, command, states in scenario.ends():
        story.tell("street", f"command {command} of {name}: {' -> '.join(states) or 'no state'}")
    story.tell("street", f"lost: {holes or 'nothing'}")
    for one in wrong:
        story.tell("error", f"not seen: {one}" if one in scenario.expected else one)
    verdict = "everything was really seen (emulated boards)" if not wrong else "not everything"
    story.tell("street", verdict, ok=not wrong, first_webhook_s=scenario.first_webhook_s)
    return 1 if wrong else 0


if __name__ == "__main__":
    main()
