"""Makes a function on files that returns an Answer the body of a click command."""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec

from gateway.errors import GatewayError
from gateway.terminal import Answer, fail


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
