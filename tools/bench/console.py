"""`lamplighter-bench`: the serial consoles of the boards of a running street.

lamplighter-bench ports            the boards of `make run` and their serial ports
lamplighter-bench console bin      that board's console, by mpremote; Ctrl-] leaves it
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from tools.bench.main_job import terminals

NONE = "no street runs from this checkout: start one by `make run` in another terminal"
FOLDER = click.Path(path_type=Path)


@click.group(help=(__doc__ or "").split("\n\n", maxsplit=1)[0])
@click.option("--folder", type=FOLDER, default=terminals.FOLDER, hidden=True)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """Find the running street. Raises ClickException without one."""
    context.obj = terminals.running(folder)
    if not context.obj:
        raise click.ClickException(NONE)


@main.command()
@click.pass_obj
def ports(found: dict[str, str]) -> None:
    """List the boards and their serial ports, for mpremote or a terminal program."""
    for name, port in found.items():
        click.echo(f"{name:<10} {port}")


@main.command()
@click.argument("board")
@click.pass_obj
def console(found: dict[str, str], board: str) -> None:
    """Open the serial console of BOARD. Ctrl-] leaves it; the node runs on."""
    port = found.get(board)
    if port is None:
        raise click.ClickException(f"{board} is no board of the street: {', '.join(found)}")
    if not sys.stdin.isatty():
        raise click.ClickException(f"a console needs a terminal; a program opens the port {port}")
    click.echo(f"{board}: an emulated board on {port}; type `help`. Ctrl-] leaves it.")
    sys.stdout.flush()
    command = [sys.executable, "-m", "mpremote", "connect", port, "repl"]
    os.execv(sys.executable, command)  # noqa: S606 - our own words


if __name__ == "__main__":
    main()
