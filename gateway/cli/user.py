"""`lamplighter user`: people who may open the page."""

import re
import sys

import click

from gateway.cli._answer import on_parts
from gateway.errors import Refused
from gateway.records import ROLES, Role
from gateway.terminal import Answer, plain, table
from gateway.usecases import Parts, users
from gateway.usecases.users import UserRequest


@click.group()
def user() -> None:
    """People who may open the page."""


@user.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), required=True,
    help="viewer sees; operator commands and acknowledges; technician commissions; admin all.",
)  # fmt: skip
@on_parts
async def add(parts: Parts, name: str, role: Role) -> Answer:
    """Add a person; the password is asked for, or read from a pipe. There is no default one."""
    if not re.fullmatch(r"[0-9A-Za-z._@-]{1,60}", name):
        raise Refused(f"{name!r} is no name: use letters, digits and . _ @ -", "name")
    made = await users.add(parts, body=UserRequest(name, _password(), role))
    return Answer(made, f"{made.name} may open the page as {made.role}.")


@user.command("password")
@click.argument("name")
@on_parts
async def set_password(parts: Parts, name: str) -> Answer:
    """Give a person a new password; whoever is logged in under the name is logged out."""
    return Answer(
        await users.set_password(parts, name, _password()), f"{name} has a new password."
    )


@user.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List the people."""
    found = await users.find_all(parts)
    rows = [plain(one) for one in found]
    return Answer(found, table(rows, "There is nobody; `lamplighter user add` adds somebody."))


@user.command("remove")
@click.argument("name")
@on_parts
async def remove(parts: Parts, name: str) -> Answer:
    """Remove a person, who is logged out at once."""
    return Answer(await users.remove(parts, name), f"{name} is removed.")


def _password() -> str:
    """Asked for twice without showing it, or the first line of a pipe."""
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return sys.stdin.readline().rstrip("\r\n")
