"""`lamplighter audit`: whether every event that matched a webhook is accounted for."""

import click

from gateway.cli._answer import on_parts
from gateway.terminal import Answer, plain, table
from gateway.usecases import Parts, sums


@click.command("audit")
@on_parts
async def audit(parts: Parts) -> Answer:
    """Count matched = delivered + pending + dead + withdrawn again from the deliveries.

    Exit code 1 where a sum differs. Reads every delivery; the service may run.
    """
    found = await sums.audit(parts)
    if not found.differences:
        said = f"OK: {found.webhooks} webhooks, {found.deliveries} deliveries, each accounted for."
        return Answer(found, said)
    rows = table([plain(one) for one in found.differences], "")
    said = (
        f"{rows}\nThe store contradicts itself: the operator keeps a copy of it and "
        "restores a backup, or reports it; a wrong sum loses no event."
    )
    return Answer(found, said, 1)
