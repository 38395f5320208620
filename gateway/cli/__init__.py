"""The command `lamplighter`: one file here is one noun or one command of it, under its own name.

A file `<name>.py` holds the click command or group `<name>`. Every command but `serve` has
`--json`: one JSON value on stdout. Exit codes are those of `gateway.terminal`.
"""

import sys
from pathlib import Path

import click

from gateway import registry
from gateway.http.openapi import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="lamplighter")
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("lamplighter.toml"),
    envvar="LAMPLIGHTER_CONFIG", show_default=True, show_envvar=True,
    help="The configuration, one TOML file.",
)  # fmt: skip
@click.pass_context
def main(context: click.Context, config: Path) -> None:
    """Readings from the street to the city's backend, commands from there to the street."""
    context.obj = config


_here = sys.modules[__name__]
for _name in registry.names(_here):
    main.add_command(getattr(registry.find(_here, _name, "command"), _name))
