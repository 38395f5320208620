"""`webhook pause`, `resume`, `test` and `replay`: what is done to one at work."""

import asyncio

import click

from gateway.cli._answer import on_parts
from gateway.cli._webhook_listen import listen
from gateway.terminal import Answer, lines, plain, range_of, table
from gateway.usecases import Parts, webhooks
from gateway.usecases.attempts import AttemptsQuery
from gateway.usecases.attempts import find_all as find_attempts
from gateway.usecases.stories import of_event as explain
from gateway.usecases.webhooks import DeliveryView, ReplayRequest

LOOK_S = 0.2


@click.command("pause")
@click.argument("id_", metavar="ID")
@on_parts
async def pause(parts: Parts, id_: str) -> Answer:
    """Let a webhook's events wait, those to come too."""
    value = await webhooks.pause(parts, id_)
    return Answer(value, f"{id_} gets nothing; `lamplighter webhook resume {id_}` ends that.")


@click.command("resume")
@click.argument("id_", metavar="ID")
@on_parts
async def resume(parts: Parts, id_: str) -> Answer:
    """Deliver what waits since a webhook was paused."""
    value = await webhooks.resume(parts, id_)
    return Answer(value, f"{id_} gets the {value.totals.pending} events that waited.")


@click.command("test")
@click.argument("id_", metavar="ID")
@click.option(
    "--wait-s", type=click.FloatRange(0, 300), default=10.0, show_default=True,
    help="How long to wait for its first attempt, which a running service makes.",
)  # fmt: skip
@on_parts
async def test(parts: Parts, id_: str, wait_s: float) -> Answer:
    """Send an event that this webhook alone gets, and say what becomes of it."""
    made = await webhooks.test(parts, id_)
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    [seen] = (await explain(parts, made.event_id)).deliveries
    while not seen.attempts and loop.time() < until:
        await asyncio.sleep(LOOK_S)
        [seen] = (await explain(parts, made.event_id)).deliveries
    said = _outcome(seen, wait_s)
    return Answer(seen, f"{lines(plain(seen))}\n{said}", 0 if seen.state == "delivered" else 4)


def _outcome(seen: DeliveryView, wait_s: float) -> str:
    if seen.state == "delivered":
        return "The endpoint took it."
    if seen.attempts:
        return f"The endpoint did not take it: {seen.note}"
    return f"Nothing tried it for {wait_s:g} s: it waits for `lamplighter serve`, or is paused."


@click.command("replay")
@click.argument("id_", metavar="ID")
@click.option("--since", default="", help="Instead all events from this instant on, RFC 3339.")
@click.option("--until", default="", help="Instead all events before this instant.")
@on_parts
async def replay(parts: Parts, id_: str, since: str, until: str) -> Answer:
    """Send a webhook's dead letters again, or all events of a span of time."""
    done = await webhooks.replay(parts, id_, body=ReplayRequest(since, until))
    what = "events" if since or until else "dead letters"
    return Answer(done, f"{done.count} {what} are pending again.")


@click.command("attempts")
@click.argument("id_", metavar="ID")
@click.option("--limit", type=range_of(AttemptsQuery, "limit"), default=20, show_default=True)
@on_parts
async def attempts(parts: Parts, id_: str, limit: int) -> Answer:
    """Show the last attempts that failed or followed a failure, newest first."""
    value = await find_attempts(parts, id_, query=AttemptsQuery(limit))
    rows = [plain(one) for one in value.attempts]
    return Answer(value, table(rows, "No attempt failed."))


COMMANDS = (attempts, listen, pause, resume, test, replay)
