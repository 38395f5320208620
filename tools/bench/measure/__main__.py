"""`make bench`: runs every measurement, prints the table; exits 1 when an aim is missed.

python -m tools.bench.measure [--only NAME] [--full] [--json]

A module with `LONG = True` takes minutes: it runs by its name or with --full.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import sys
from dataclasses import asdict

import click

from tools.bench import measure

NAMES = sorted(
    one.name for one in pkgutil.iter_modules(measure.__path__) if one.name != "__main__"
)


@click.command(help="Measures what the project promises. Boards are emulated; each line says so.")
@click.option("--only", "names", multiple=True, type=click.Choice(NAMES), help="Just these.")
@click.option("--full", is_flag=True, help="The long ones too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a figure.")
def main(names: tuple[str, ...], *, full: bool, as_json: bool) -> None:
    """Prints each figure as soon as it is known."""
    missed = 0
    for name in names or NAMES:
        module = importlib.import_module(f"tools.bench.measure.{name}")
        if not names and not full and getattr(module, "LONG", False):
            continue
        if not as_json:
            print(f"-- {name}", flush=True)
        for figure in asyncio.run(module.measure()):
            missed += not figure.within
            print(json.dumps(asdict(figure)) if as_json else figure.line(), flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
