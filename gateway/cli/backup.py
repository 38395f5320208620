"""`lamplighter backup`: the store at one moment, into a file."""

from pathlib import Path

import click

from gateway import app
from gateway.cli._answer import on_settings
from gateway.settings import Settings
from gateway.terminal import Answer, lines, plain


@click.command
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@on_settings
async def backup(settings: Settings, file: Path) -> Answer:
    """Write the store and the codecs into FILE, beside a running service.

    It holds secrets and is readable for its owner alone. The configuration is not in it.
    """
    made = await app.back_up(settings, file)
    return Answer(made, f"{lines(plain(made))}\n{file} holds the secrets of webhooks: keep it so.")
