"""`webhook listen`: a backend for whoever writes one."""

import asyncio
import signal

import click
import msgspec

from gateway.clock import wall_ms
from gateway.errors import GatewayError
from gateway.listener import Came, Listener
from gateway.terminal import fail

BEGUN = """\
listening at http://{host}:{port}/ and answering {status}; Ctrl-C ends it
Next: `[delivery] allow_private = true` in the gateway's configuration, then
  lamplighter webhook add http://{host}:{port}/
and give me the secret that it prints: --secret, or LAMPLIGHTER_WEBHOOK_SECRET{open}"""
OPEN = "\nWithout it signatures are not checked."


@click.command("listen")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one."
)
@click.option(
    "--secret", default="", envvar="LAMPLIGHTER_WEBHOOK_SECRET", show_envvar=True,
    help="Of the webhook; with it a wrong signature is answered 401.",
)  # fmt: skip
@click.option(
    "--status", type=click.IntRange(200, 599), default=204, show_default=True,
    help="What each event is answered: 500 shows how the gateway tries again, 410 ends it.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print each event as one line of JSON.")
def listen(host: str, port: int, secret: str, status: int, *, as_json: bool) -> None:
    """Be a backend: verify and print each event that comes, until Ctrl-C."""

    def tell(came: Came) -> None:
        if as_json:
            click.echo(msgspec.json.encode(came).decode())
        else:
            click.echo(_said(came))

    try:
        made = Listener(secret, status, tell, wall_ms)
        asyncio.run(_serve(made, host, port, status=status, checked=bool(secret)))
    except GatewayError as error:
        fail(error, as_json=as_json)


async def _serve(made: Listener, host: str, port: int, *, status: int, checked: bool) -> None:
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    async with made.at(host, port) as at:
        told = BEGUN.format(host=host, port=at, status=status, open="" if checked else OPEN)
        click.echo(told, err=True)
        await stop.wait()


def _said(came: Came) -> str:
    if came.event is None:
        return f"refused {came.status}: {came.problem}"
    event = came.event
    data = msgspec.json.encode(event.data).decode()
    line = f"{event.time}  {event.type}  {event.subject}  {data}  {event.id} -> {came.status}"
    again = "  (came before: keep it once, by its id)" if came.again else ""
    return "".join(one if one.isprintable() else "?" for one in line) + again
