"""`lamplighter event`: what happened on the street."""

import click

from gateway.cli._answer import on_parts
from gateway.terminal import Answer, choice_of, lines, plain, range_of, table
from gateway.usecases import Parts, events
from gateway.usecases.events import EventsQuery


@click.group()
def event() -> None:
    """What happened on the street."""


@event.command("list")
@click.option(
    "--after", type=range_of(EventsQuery, "after"), default=0,
    help="The `next` of the page before.",
)  # fmt: skip
@click.option("--limit", type=range_of(EventsQuery, "limit"), default=20, show_default=True)
@click.option("--kind", type=choice_of(EventsQuery, "kind"), help="Only of this kind.")
@click.option("--device", default="", help="Only of this DevEUI.")
@on_parts
async def page(parts: Parts, after: int, limit: int, kind: str | None, device: str) -> Answer:
    """List events, oldest first, in the order of their commits."""
    value = await events.page(parts, query=EventsQuery(after, limit, kind or "", device))
    hidden = ("specversion", "datacontenttype", "source", "sequence")
    return Answer(value, table([plain(one, *hidden) for one in value.events], "There are none."))


@event.command("explain")
@click.argument("id_", metavar="ID")
@on_parts
async def explain(parts: Parts, id_: str) -> Answer:
    """Tell an event's story: what it says, and what became of it at each webhook."""
    value = await events.explain(parts, id_)
    hidden = ("event_id", "type", "subject")
    rows = [plain(one, *hidden) for one in value.deliveries]
    deliveries = table(rows, "No webhook wanted it.")
    return Answer(value, f"{lines(plain(value.event))}\n\n{deliveries}")
