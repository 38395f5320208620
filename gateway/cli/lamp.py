"""`lamplighter lamp`: what lamps' own readings say of them."""

from typing import Any

import click

from gateway.cli._answer import on_parts
from gateway.terminal import Answer, plain, range_of, table
from gateway.usecases import Parts, lamps
from gateway.usecases.lamps import HealthQuery


@click.group()
def lamp() -> None:
    """What lamps' own readings say of them."""


@lamp.command("health")
@click.option("--hours", type=range_of(HealthQuery, "hours"), default=24, show_default=True)
@on_parts
async def health(parts: Parts, hours: int) -> Answer:
    """Show faults by the power meter (tag watts=70: its rated power) and energy, lamp by lamp."""
    found = await lamps.health_of_all(parts, query=HealthQuery(hours))
    rows: list[dict[str, Any]] = [
        plain(one, "faults", "dev_eui")
        | {"faults": "; ".join(f"{each.code}: {each.said}" for each in one.faults)}
        for one in found.lamps
    ]
    sums = f"{found.measured_kwh} kWh measured, {found.modelled_kwh} kWh modelled."
    return Answer(found, f"{table(rows, 'There are no lamps.')}\n\n{sums}")
