"""`lamplighter completion`: what a shell needs to complete commands and options."""

import click
import msgspec
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_context
def completion(context: click.Context, shell: str, *, as_json: bool) -> None:
    """Print a script that completes commands and options in a SHELL.

    For bash: lamplighter completion bash > /etc/bash_completion.d/lamplighter
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"click completes no {shell}")
    root = context.find_root().command
    script = found(root, {}, "lamplighter", "_LAMPLIGHTER_COMPLETE").source()
    click.echo(msgspec.json.encode({"script": script}).decode() if as_json else script)
