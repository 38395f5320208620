"""Makes an async function that returns an Answer the body of a click command."""

import asyncio
import functools
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from gateway import app, audit, logs
from gateway.cli._caller import caller
from gateway.clock import wall_ms
from gateway.errors import GatewayError, without_user
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
            with audit.acting(_act(arguments)):
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
            answer = await operation(parts, **arguments)
            act = audit.current()
            if act and act.owes:
                await parts.store.write(lambda _: None)
            return answer

    return on_settings(opened)


def _act(arguments: dict[str, Any]) -> audit.Act:
    """What this command does, for the audit log."""
    context = click.get_current_context()
    names = [one.name for one in context.command.params if isinstance(one, click.Argument)]
    subject = _named(arguments[names[0]]) if names and names[0] else ""
    action = context.command_path.partition(" ")[2]
    return audit.Act(caller(), "cli", action, subject, wall_ms())


def _named(argument: Any) -> str:
    """What a command was told to work on, without the password of a URL."""
    if isinstance(argument, tuple):
        return " ".join(map(str, cast("tuple[Any, ...]", argument)))
    return without_user(argument) if "://" in str(argument) else str(argument)
