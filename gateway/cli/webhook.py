"""`lamplighter webhook`: backends that get the events."""

from typing import Any

import click

from gateway.cli import _webhook_options, _webhook_run
from gateway.cli._answer import on_parts
from gateway.terminal import Answer, lines, plain, range_of, table
from gateway.usecases import Parts, webhooks
from gateway.usecases.webhooks import SINKS, DeliveriesQuery, RotationRequest, WebhookRequest


@click.group(commands=_webhook_run.COMMANDS)
def webhook() -> None:
    """Backends that get the events."""


@webhook.command("add")
@click.argument("url")
@click.option(
    "--kind",
    type=click.Choice(SINKS),
    default="webhook",
    show_default=True,
    help="Of sink. URL is its target: " + "; ".join(f"{k}, {what}" for k, what in SINKS.items()),
)
@_webhook_options.of_new
@on_parts
async def add(parts: Parts, **given: Any) -> Answer:
    """Add a webhook, or a sink of another kind: it gets the events from now on."""
    given |= await _webhook_options.told(parts, given)
    value = await webhooks.add(parts, body=WebhookRequest(**given))
    shown = plain(value, "doubts", *(() if value.secret else ("secret",)))
    said = [lines(shown), *value.doubts]
    if value.secret:
        said.append("The secret is shown only now; the backend verifies signatures with it.")
    return Answer(value, "\n".join(said))


@webhook.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List the webhooks and what became of their events."""
    value = await webhooks.find_all(parts)
    hidden = (
        "totals", "created_at", "devices", "properties", "tags", "headers", "tls", "rate",
        "parallel", "doubts", "stands",
    )  # fmt: skip
    rows = [plain(one, *hidden) | plain(one.totals) for one in value.webhooks]
    nothing = "There are no webhooks; `lamplighter webhook add` adds one."
    return Answer(value, table(rows, nothing))


@webhook.command("show")
@click.argument("id_", metavar="ID")
@click.option("--limit", type=range_of(DeliveriesQuery, "limit"), default=20, show_default=True)
@on_parts
async def find(parts: Parts, id_: str, limit: int) -> Answer:
    """Show a webhook, and why what is pending or dead was not taken."""
    value = await webhooks.find(parts, id_)
    waiting = [
        one
        for state in ("dead", "pending")
        for one in (
            await webhooks.deliveries(parts, id_, query=DeliveriesQuery(state, limit))
        ).deliveries
    ]
    rows = table([plain(one, "webhook", "first_at") for one in waiting], "Nothing waits.")
    facts = lines(plain(value, "totals") | plain(value.totals))
    return Answer({**plain(value), "waiting": waiting}, f"{facts}\n\n{rows}")


@webhook.command("remove")
@click.argument("id_", metavar="ID")
@on_parts
async def remove(parts: Parts, id_: str) -> Answer:
    """Remove a webhook; what is pending for it is withdrawn."""
    return Answer(await webhooks.remove(parts, id_), f"{id_} is removed.")


@webhook.command("retry")
@click.argument("id_", metavar="ID")
@on_parts
async def retry(parts: Parts, id_: str) -> Answer:
    """Try what is pending for a webhook now, instead of when its wait is over."""
    done = await webhooks.retry(parts, id_)
    return Answer(done, f"{done.count} events that waited for their next try are due now.")


@webhook.command("rotate")
@click.argument("id_", metavar="ID")
@click.option(
    "--overlap-s", type=range_of(RotationRequest, "overlap_s"), default=86_400, show_default=True,
    help="How long the old secret signs beside the new one.",
)  # fmt: skip
@on_parts
async def rotate(parts: Parts, id_: str, overlap_s: int) -> Answer:
    """Give a webhook a new secret; for a while the old one signs too."""
    value = await webhooks.rotate(parts, id_, body=RotationRequest(overlap_s))
    once = f"Shown only now. Until {value.until} the old one verifies too: change the backend."
    return Answer(value, f"{lines(plain(value))}\n{once}")


@webhook.command("enable")
@click.argument("id_", metavar="ID")
@on_parts
async def enable(parts: Parts, id_: str) -> Answer:
    """Deliver again to a webhook that was disabled because it answered 410."""
    return Answer(await webhooks.enable(parts, id_), f"{id_} gets events again.")
