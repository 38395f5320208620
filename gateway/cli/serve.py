"""`lamplighter serve`: the service itself."""

import os
from pathlib import Path

import click

from gateway import app, logs, loop
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.terminal import fail


@click.command
@click.pass_obj
def serve(config: Path) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    try:
        settings = load(config, os.environ)
        logs.configure(settings.log_level, settings.log_format)
        loop.run(app.serve(settings))
    except GatewayError as error:
        fail(error, as_json=False)
