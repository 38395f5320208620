"""`lamplighter restore`: a backup in the place of the store."""

from pathlib import Path

import click

from gateway import app
from gateway.cli._answer import on_settings
from gateway.settings import Settings
from gateway.terminal import Answer, lines, plain


@click.command
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Keep a store that is there under another name.")
@on_settings
async def restore(settings: Settings, file: Path, *, replace: bool) -> Answer:
    """Check the backup FILE whole, then put it in the place of the store; end the service first.

    Consumers get a `restored` event; events after the backup's moment are not in the store.
    """
    done = await app.restore(settings, file, replace=replace)
    return Answer(done, f"{lines(plain(done))}\nConsumers are told by a `restored` event.")
