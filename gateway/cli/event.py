"""`lamplighter event`: what happened on the street."""

import asyncio
import contextlib
import signal
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from gateway.cli import _lines
from gateway.cli._answer import on_parts
from gateway.errors import Refused
from gateway.terminal import Answer, choice_of, lines, plain, range_of, table
from gateway.usecases import Parts, devices, events, quarantine
from gateway.usecases.events import EventsQuery
from gateway.usecases.quarantine import RedecodeRequest

LAST = 20
LOOK_S = 0.5
"""How often --follow looks for new events."""


@click.group()
def event() -> None:
    """What happened on the street."""


@event.command("list")
@click.option(
    "--last", type=range_of(EventsQuery, "last"),
    help=f"The newest so many, newest first: {LAST} unless --after is given.",
)  # fmt: skip
@click.option(
    "--after", type=range_of(EventsQuery, "after"),
    help="Instead a page, oldest first: the `next` of the page before; 0 for the first.",
)  # fmt: skip
@click.option("--limit", type=range_of(EventsQuery, "limit"), help="Of a page; 100 if not given.")
@click.option("--kind", type=choice_of(EventsQuery, "kind"), help="Only of this kind.")
@click.option("--device", default="", help="Only of this device: its name or DevEUI.")
@click.option("--property", default="", help="Only what tells this property.")
@click.option("--since", default="", help="Only from this instant on, RFC 3339; a page.")
@click.option("--until", default="", help="Only before this instant; a page.")
@click.option("--follow", is_flag=True, help="Print each event that comes, until Ctrl-C.")
@on_parts
async def page(parts: Parts, device: str, *, follow: bool, **given: Any) -> Answer:
    """List events, newest first; with --after page by page, in the order of their commits."""
    chosen = {name: one for name, one in given.items() if one is not None}
    pages = any(given[name] for name in ("property", "since", "until"))
    if not (pages or chosen.keys() & {"last", "after", "limit"}):
        chosen["last"] = LAST
    if follow and "last" not in chosen:
        raise Refused("--follow begins with the newest events: show no page")
    chosen["subject"] = await devices.named(parts, device) if device else ""
    query = msgspec.convert(chosen, EventsQuery)
    if follow:
        await _follow(parts, query)
        return Answer(None, "")
    value = await events.page(parts, query=query)
    names = await _names(parts)
    rows = table([_lines.row(one, names) for one in value.events], "There are none.")
    following = [f"--after {value.next} shows what follows."] * value.more
    return Answer(value, "\n".join([rows, *following, *value.doubts]))


async def _names(parts: Parts) -> dict[str, str]:
    return {one.dev_eui: one.name for one in (await devices.find_all(parts)).devices}


async def _follow(parts: Parts, query: EventsQuery) -> None:
    """Print the newest events, oldest first, and each that comes, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    found = await events.page(parts, query=query)
    found.events.reverse()
    as_json = click.get_current_context().params["as_json"]
    while not stop.is_set():
        names = await _names(parts)
        for one in found.events:
            line = _lines.COLUMNS.format(**_lines.row(one, names))
            click.echo(msgspec.json.encode(one).decode() if as_json else line)
        if not found.events:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()
        later = replace(query, last=None, after=found.next)
        found = await events.page(parts, query=later)


@event.command("redecode")
@click.option("--device", default="", help="Only of this device: its name or DevEUI.")
@on_parts
async def redecode(parts: Parts, device: str) -> Answer:
    """Decode frames again that could not be read; their events name what they correct."""
    dev_eui = await devices.named(parts, device) if device else ""
    done = await quarantine.redecode(parts, body=RedecodeRequest(dev_eui))
    return Answer(done, lines(plain(done)))
