"""`lamplighter schedule`: a bulk by the clock on the wall."""

from typing import Any

import click

from gateway.cli._answer import on_parts
from gateway.cli._caller import caller
from gateway.cli._values import numbers
from gateway.plans import DAYS
from gateway.terminal import Answer, choice_of, plain, range_of, table
from gateway.usecases import Parts, devices, schedules
from gateway.usecases.devices import DeviceRequest
from gateway.usecases.schedules import ScheduleRequest


@click.group()
def schedule() -> None:
    """A command for many devices by the clock on the wall, exactly once a date."""


@schedule.command("add")
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[FIELD=NUMBER]...")
@click.option("--at", required=True, help="Local time, as 22:00.")
@click.option("--zone", required=True, help="Of the tz database, as Europe/Paris.")
@click.option("--day", "days", multiple=True, type=click.Choice(DAYS), help="Again for more.")
@click.option("--device", "named", multiple=True, help="Its name or DevEUI; again for more.")
@click.option("--tag", "tags", multiple=True, help="As street=Oak; again: devices with both.")
@click.option("--profile", type=choice_of(DeviceRequest, "profile"))
@click.option("--late-s", type=range_of(ScheduleRequest, "late_s"), default=600, show_default=True)
@click.option("--expires-in-s", type=range_of(ScheduleRequest, "expires_in_s"))
@click.option("--key", default="", help="Idempotency key: repeated with it, it is added once.")
@on_parts
async def add(parts: Parts, name: str, values: tuple[str, ...], **more: Any) -> Answer:
    """Ask it each day: `schedule add dim level=30 --at 22:00 --zone Europe/Paris --tag x=y`."""
    body = ScheduleRequest(
        name=name, values=numbers(values), tags=list(more["tags"]), days=more["days"],
        devices=[await devices.named(parts, one) for one in more["named"]],
        profile=more["profile"] or "", local_time=more["at"], zone=more["zone"],
        late_s=more["late_s"], expires_in_s=more["expires_in_s"], idempotency_key=more["key"],
    )  # fmt: skip
    made = await schedules.add(parts, body=body, caller=caller())
    follow = f"`lamplighter schedule approve {made.id}` by a second person begins it."
    told = f"its next turn is at {made.next_at}." if made.next_at else follow
    return Answer(made, f"schedule {made.id} is {made.state}; {told}")


@schedule.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List schedules, with what became of their newest turn."""
    found = await schedules.find_all(parts)
    rows: list[dict[str, Any]] = []
    for one in found.schedules:
        last = one.turns[-1] if one.turns else None
        newest = f"{last.on} {last.what}" if last else ""
        rows.append(plain(one, "turns", "devices", "approved_by") | {"newest": newest})
    return Answer(found, table(rows, "There are no schedules."))


@schedule.command("remove")
@click.argument("id_", metavar="ID")
@on_parts
async def remove(parts: Parts, id_: str) -> Answer:
    """End a schedule; what it began goes on."""
    return Answer(await schedules.remove(parts, id_), f"schedule {id_} is removed.")


@schedule.command("approve")
@click.argument("id_", metavar="ID")
@on_parts
async def approve(parts: Parts, id_: str) -> Answer:
    """Let a schedule that waits for a second person begin; one's own is refused."""
    value = await schedules.approve(parts, id_, caller=caller())
    return Answer(value, f"schedule {id_} is {value.state}; its next turn is at {value.next_at}.")
