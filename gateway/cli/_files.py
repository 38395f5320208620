"""Makes a function on files that returns an Answer the body of a click command."""

import functools
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway.errors import GatewayError, Refused
from gateway.forecast import table
from gateway.terminal import Answer, fail

HISTORY = click.option(
    "--history", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
    help="The folder that holds the history.",
)  # fmt: skip


def on_files(operation: Callable[..., Answer]) -> Callable[..., None]:
    """`def operation(**arguments) -> Answer` as a command with `--json`, without a TOML file."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
    @functools.wraps(operation)
    def command(*, as_json: bool, **arguments: Any) -> None:
        try:
            answer = operation(**arguments)
        except GatewayError as error:
            fail(error, as_json=as_json)
        click.echo(msgspec.json.encode(answer.value).decode() if as_json else answer.text)
        sys.exit(answer.code)

    return command


def note(sentences: Sequence[str]) -> None:
    """What was unusual in the files, on stderr: the answer stands all the same."""
    for one in sentences:
        click.echo(f"note: {one}", err=True)


def local(text: str) -> datetime:
    """The local time of `--at`. Raises Refused."""
    try:
        return table.local(text)
    except ValueError as error:
        raise Refused(f"--at: {error}", "at") from None
