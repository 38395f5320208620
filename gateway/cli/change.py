"""`lamplighter change`: who changed what; the audit log."""

import click

from gateway.cli._answer import on_parts
from gateway.terminal import Answer, plain, range_of, table
from gateway.usecases import Parts, audit
from gateway.usecases.audit import AuditQuery

LAST = 20


@click.group()
def change() -> None:
    """Who changed what: the audit log."""


@change.command("list")
@click.option(
    "--last", type=range_of(AuditQuery, "last"),
    help=f"The newest so many, newest first: {LAST} unless --after is given.",
)  # fmt: skip
@click.option(
    "--after", type=range_of(AuditQuery, "after"),
    help="Instead a page, oldest first: the `next` of the page before; 0 for the first.",
)  # fmt: skip
@click.option("--limit", type=range_of(AuditQuery, "limit"), default=100, show_default=True)
@on_parts
async def page(parts: Parts, last: int | None, after: int | None, limit: int) -> Answer:
    """List what was changed through the API and the command line; --json has before and after."""
    newest = last or (LAST if after is None else None)
    value = await audit.page(parts, query=AuditQuery(after or 0, limit, newest))
    rows = [
        plain(one, "changes") | {"changed": [f"{c.noun} {c.key}" for c in one.changes]}
        for one in value.entries
    ]
    following = [f"--after {value.next} shows what follows."] * value.more
    return Answer(value, "\n".join([table(rows, "Nobody changed anything."), *following]))
