"""`lamplighter key`: API keys of those who use the REST API."""

import click

from gateway.cli._answer import on_parts
from gateway.terminal import Answer, choice_of, lines, plain, table
from gateway.usecases import Parts, keys
from gateway.usecases.keys import KeyRequest


@click.group()
def key() -> None:
    """API keys of those who use the REST API."""


@key.command("add")
@click.argument("name")
@click.option(
    "--scope", type=choice_of(KeyRequest, "scope"), default="read", show_default=True,
    help="What it may do; each scope includes those before it.",
)  # fmt: skip
@on_parts
async def add(parts: Parts, name: str, scope: str) -> Answer:
    """Make an API key; it is shown only once."""
    made = await keys.add(parts, body=KeyRequest(name, scope))
    return Answer(made, f"{lines(plain(made))}\nThe key is shown only now.")


@key.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List the API keys, without their secrets."""
    found = await keys.find_all(parts)
    rows = [plain(one) for one in found]
    return Answer(found, table(rows, "There are no API keys; `lamplighter key add` makes one."))


@key.command("revoke")
@click.argument("id_", metavar="ID")
@on_parts
async def revoke(parts: Parts, id_: str) -> Answer:
    """Revoke an API key at once."""
    return Answer(await keys.revoke(parts, id_), f"{id_} is revoked.")
