"""`lamplighter emptied`: what the crew ticked."""

from pathlib import Path

import click

from gateway.cli._files import HISTORY, local, on_files
from gateway.collection import ticks
from gateway.terminal import Answer


@click.command("emptied")
@click.argument("bins", metavar="BIN=FILL", nargs=-1, required=True)
@HISTORY
@click.option("--at", required=True, help="Local time, ISO 8601.")
@on_files
def emptied(bins: tuple[str, ...], history: Path, at: str) -> Answer:
    """Write into DIR/bins.csv that bins were emptied, and how full they were found (0 to 100)."""
    new = ticks.add(history, local(at), [ticks.parse(one) for one in bins])
    return Answer({"new": new}, f"{new} of {len(bins)} were new and are written.")
