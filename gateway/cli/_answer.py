"""Makes an async function that returns an Answer the body of a click command."""

import asyncio
import functools
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway import app, logs
from gateway.errors import GatewayError
from gateway.settings import Settings, load
from gateway.terminal import Answer, fail

Operation = Callable[..., Coroutine[Any, Any, Answer]]


def on_settings(operation: Operation) -> Callable[..., None]:
    """`async def operation(settings, **arguments) -> Answer` as a command with `--json`."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
    @click.pass_obj
    @functools.wraps(operation)
    def command(config: Path, *, as_json: bool, **arguments: Any) -> None:
        logs.configure("warning", "human")
        try:
            answer = asyncio.run(operation(load(config, os.environ), **arguments))
        except GatewayError as error:
            fail(error, as_json=as_json)
        if answer.value is not None:
            click.echo(msgspec.json.encode(answer.value).decode() if as_json else answer.text)
        sys.exit(answer.code)

    return command


def on_parts(operation: Operation) -> Callable[..., None]:
    """`async def operation(parts, **arguments) -> Answer` as a command with `--json`."""

    @functools.wraps(operation)
    async def opened(settings: Settings, **arguments: Any) -> Answer:
        async with app.open_parts(settings) as parts:
            return await operation(parts, **arguments)

    return on_settings(opened)
