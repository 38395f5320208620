"""`lamplighter bulk`: one command for many devices."""

from typing import Any

import click

from gateway.cli._answer import on_parts
from gateway.cli._caller import caller
from gateway.cli._values import numbers
from gateway.terminal import Answer, choice_of, lines, plain, range_of, table
from gateway.usecases import Parts, bulks, devices
from gateway.usecases.bulks import BulkRequest, BulksQuery, BulkView
from gateway.usecases.devices import DeviceRequest


@click.group()
def bulk() -> None:
    """One command for many devices, paced within the airtime budget."""


@bulk.command("send")
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[FIELD=NUMBER]...")
@click.option("--device", "named", multiple=True, help="Its name or DevEUI; again for more.")
@click.option("--tag", "tags", multiple=True, help="As street=Oak; again: devices with both.")
@click.option("--profile", type=choice_of(DeviceRequest, "profile"))
@click.option(
    "--expires-in-s", type=range_of(BulkRequest, "expires_in_s"), help="Of the whole bulk."
)
@click.option("--key", default="", help="Idempotency key: repeated with it, it is asked once.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent to whom, and send nothing.")
@on_parts
async def ask(parts: Parts, name: str, values: tuple[str, ...], **more: Any) -> Answer:
    """Ask something of all devices that fit: `bulk send dim level=40 --tag street=Oak`."""
    euis = [await devices.named(parts, one) for one in more["named"]]
    body = BulkRequest(
        name=name, values=numbers(values), devices=euis, tags=list(more["tags"]),
        profile=more["profile"] or "", expires_in_s=more["expires_in_s"],
        idempotency_key=more["key"],
    )  # fmt: skip
    if more["dry_run"]:
        found = await bulks.attempt(parts, body=body, caller=caller())
        return Answer(found, lines(plain(found)), 1 if found.refusals else 0)
    made = await bulks.ask(parts, body=body, caller=caller())
    return Answer(made, begun(made))


def begun(made: BulkView) -> str:
    """What is said of a bulk that was asked for."""
    follow = f"`lamplighter bulk show {made.id}` follows it."
    if made.state == "waiting":
        return (
            f"{made.name} for {made.devices} devices waits for a second person: "
            f"`lamplighter bulk approve {made.id}`. {follow}"
        )
    return f"{made.name} for {made.devices} devices is {made.state}, until {made.eta}; {follow}"


@bulk.command("list")
@click.option("--limit", type=range_of(BulksQuery, "limit"), default=20, show_default=True)
@on_parts
async def find_all(parts: Parts, limit: int) -> Answer:
    """List bulks, newest first."""
    value = await bulks.find_all(parts, query=BulksQuery(limit))
    hidden = ("results", "progress", "approved_by", "expires_at")
    return Answer(
        value, table([plain(one, *hidden) for one in value.bulks], "There are no bulks.")
    )


@bulk.command("show")
@click.argument("id_", metavar="ID")
@on_parts
async def find(parts: Parts, id_: str) -> Answer:
    """Show a bulk, and what became of each device."""
    return Answer(value := await bulks.find(parts, id_), _whole(value))


def _whole(value: BulkView) -> str:
    rows = table([plain(one, "commands") for one in value.results], "There are no devices.")
    return f"{lines(plain(value, 'results'))}\n\n{rows}"


@bulk.command("cancel")
@click.argument("id_", metavar="ID")
@on_parts
async def cancel(parts: Parts, id_: str) -> Answer:
    """Ask no more of a bulk, and cancel what was not transmitted yet."""
    return Answer(value := await bulks.cancel(parts, id_), _whole(value))


@bulk.command("approve")
@click.argument("id_", metavar="ID")
@on_parts
async def approve(parts: Parts, id_: str) -> Answer:
    """Let a bulk that waits for a second person begin; one's own is refused."""
    value = await bulks.approve(parts, id_, caller=caller())
    return Answer(value, begun(value))
