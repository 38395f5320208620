"""`lamplighter command`: what is asked of devices."""

from typing import Any

import click

from gateway.cli._answer import on_parts
from gateway.cli._values import numbers
from gateway.terminal import Answer, lines, plain, range_of, table
from gateway.usecases import Parts, commands, devices
from gateway.usecases.commands import CommandRequest, CommandsQuery


@click.group()
def command() -> None:
    """What is asked of devices."""


def _help() -> str:
    """The commands of every kind of device, as they are written."""
    kinds = [
        "\b\n" + "\n".join([f"Of {name}:", *(f"  {one}" for one in known)])
        for name, known in commands.TAKEN.items()
        if known
    ]
    return "\n\n".join(kinds)


@command.command("send", epilog=_help())
@click.argument("device", metavar="DEVICE")
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[FIELD=NUMBER]...")
@click.option(
    "--expires-in-s", type=range_of(CommandRequest, "expires_in_s"), help="Not carried out later."
)
@click.option("--key", default="", help="Idempotency key: repeated with it, it is asked once.")
@on_parts
async def ask(
    parts: Parts, device: str, name: str, values: tuple[str, ...], **more: Any
) -> Answer:
    """Ask something of a device, by its name or DevEUI: `command send "lamp 1" dim level=40`."""
    dev_eui = await devices.named(parts, device)
    body = CommandRequest(name, numbers(values), more["expires_in_s"], more["key"])
    value = await commands.ask(parts, dev_eui, body=body)
    follow = f"`lamplighter command show {value.id}` follows it."
    return Answer(value, f"{name} is {value.state}; {follow}")


@command.command("list")
@click.option("--device", default="", help="Only of this device: its name or DevEUI.")
@click.option("--limit", type=range_of(CommandsQuery, "limit"), default=20, show_default=True)
@on_parts
async def find_all(parts: Parts, device: str, limit: int) -> Answer:
    """List commands, newest first."""
    dev_eui = await devices.named(parts, device) if device else ""
    value = await commands.find_all(parts, query=CommandsQuery(dev_eui, limit))
    hidden = ("history", "applied", "expires_at", "updated_at", "due_at", "attempts")
    rows = [plain(one, *hidden) for one in value.commands]
    return Answer(value, table(rows, "There are no commands."))


@command.command("show")
@click.argument("id_", metavar="ID")
@on_parts
async def find(parts: Parts, id_: str) -> Answer:
    """Show a command and all that happened to it."""
    value = await commands.find(parts, id_)
    steps = table([plain(one) for one in value.history], "Nothing happened yet.")
    return Answer(value, f"{lines(plain(value, 'history'))}\n\n{steps}")


@command.command("cancel")
@click.argument("id_", metavar="ID")
@on_parts
async def cancel(parts: Parts, id_: str) -> Answer:
    """Cancel a command that was not transmitted yet."""
    value = await commands.cancel(parts, id_)
    if value.state == "cancelled":
        return Answer(value, f"{value.name} is cancelled.")
    follow = f"`lamplighter command show {id_}` follows it"
    return Answer(value, f"{value.name} is being taken from the network server's queue; {follow}.")
