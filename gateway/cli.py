"""The command `lamplighter`. Every command has `--json`: one JSON value on stdout.

Exit codes are those of gateway/terminal.py.
"""

import asyncio
import functools
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway import app, logs, provisioning
from gateway.clock import wall_ms
from gateway.commands import Commands
from gateway.errors import GatewayError, Refused, Unknown
from gateway.events import KINDS, Event, event_type
from gateway.http import api, auth, openapi, views
from gateway.provisioning import PROFILES, Wanted
from gateway.settings import Settings, load
from gateway.sinks.addresses import check_url
from gateway.terminal import Answer, exit_code, fail, lines, plain, table
from gateway.usecases import webhooks


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(openapi.VERSION, prog_name="lamplighter")
@click.option(
    "--config", type=click.Path(path_type=Path), default=Path("lamplighter.toml"),
    envvar="LAMPLIGHTER_CONFIG", show_default=True, show_envvar=True,
    help="The configuration, one TOML file.",
)  # fmt: skip
@click.pass_context
def main(context: click.Context, config: Path) -> None:
    """Readings from the street to the city's backend, commands from there to the street."""
    context.obj = config


def _command(group: click.Group, name: str) -> Callable[..., click.Command]:
    """Make `async def operation(settings, **arguments) -> Answer` a command of `group`."""

    def decorate(operation: Callable[..., Coroutine[Any, Any, Answer]]) -> click.Command:
        @group.command(name)
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
        @click.pass_obj
        @functools.wraps(operation)
        def command(config: Path, *, as_json: bool, **arguments: Any) -> None:
            logs.configure("warning", "human")
            try:
                answer = asyncio.run(operation(load(config, os.environ), **arguments))
            except GatewayError as error:
                fail(error, as_json=as_json)
            shown = msgspec.json.encode(answer.value).decode() if as_json else answer.text
            click.echo(shown)
            sys.exit(answer.code)

        return command

    return decorate


# ---------------------------------------------------------------- serve, check


@main.command()
@click.pass_obj
def serve(config: Path) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    try:
        settings = load(config, os.environ)
        logs.configure(settings.log_level, settings.log_format)
        asyncio.run(app.serve(settings))
    except GatewayError as error:
        fail(error, as_json=False)


@_command(main, "check")
async def check(settings: Settings) -> Answer:
    """Try everything the configuration names, and say who acts next."""
    results: list[dict[str, Any]] = [{"what": "configuration", "ok": True, "said": "is readable"}]
    code = 0
    for what, trial in app.trials(settings).items():
        try:
            results += [{"what": what, "ok": True, "said": line} for line in await trial()]
        except GatewayError as error:
            results.append({"what": what, "ok": False, "said": str(error), "act": error.act})
            code = code or exit_code(error)
    shown = [
        f"{'ok  ' if one['ok'] else 'FAIL'}  {one['what']}: {one['said']}"
        + (f"\n      Next: {one['act']}." if "act" in one else "")
        for one in results
    ]
    return Answer({"ok": not code, "results": results}, "\n".join(shown), code)


# ---------------------------------------------------------------- devices


@main.group()
def device() -> None:
    """Boards on the street."""


@_command(device, "add")
@click.argument("name")
@click.option("--profile", type=click.Choice(PROFILES), required=True, help="What it is.")
@click.option("--dev-eui", help="Its DevEUI, 16 hex digits; made when not given.")
@click.option("--join-eui", help="Its JoinEUI, 16 hex digits; zeros when not given.")
@click.option("--app-key", help="Its AppKey, 32 hex digits; made when not given.")
@click.option("--report-s", type=click.IntRange(60, 86400), help="Seconds between reports.")
@click.option("--sample-s", type=click.IntRange(10, 86400), help="Seconds between samples.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write device.json here."
)
async def device_add(settings: Settings, output: Path | None, **given: Any) -> Answer:
    """Register a device here and at the network server; print what its board needs."""
    more = {name: given.pop(name) for name in ("report_s", "sample_s")}
    network, wanted = app.open_network(settings), Wanted(**given, settings=more)
    async with app.open_store(settings) as store:
        made = await provisioning.add_device(store, network, wanted, wall_ms())
    value = api.device_created(made)
    text = msgspec.json.format(msgspec.json.encode(value.device_json), indent=2).decode()
    if output:
        _write_secret(output, text + "\n")
    where = f"It is in {output}." if output else f"Save this as device.json:\n\n{text}\n"
    return Answer(
        value,
        f"{value.name} is registered as {value.dev_eui}, a {value.profile}. The key is shown "
        f"only now. {where}\nThen, with the board on USB:\n"
        f"    mpremote cp {output or 'device.json'} :device.json + reset",
    )


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


@_command(device, "list")
async def device_list(settings: Settings) -> Answer:
    """List the devices."""
    async with app.open_store(settings) as store:
        found = await store.read(lambda view: view.devices())
    value = views.Devices([views.device_view(one) for one in found])
    rows = [plain(one, "join_eui") for one in value.devices]
    return Answer(value, table(rows, "There are no devices; `lamplighter device add` adds one."))


@_command(device, "show")
@click.argument("dev_eui")
async def device_show(settings: Settings, dev_eui: str) -> Answer:
    """Show a device and its newest values."""
    async with app.open_store(settings) as store:
        found = await store.read(lambda view: view.device(dev_eui.lower()))
        if found is None:
            raise Unknown(f"there is no device {dev_eui}; `lamplighter device list` shows them")
        values = await store.read(lambda view: view.latest(found.dev_eui))
    facts = plain(views.device_view(found))
    rows = table([plain(one) for one in values], "It has not reported yet.")
    return Answer({**facts, "values": values}, f"{lines(facts)}\n\n{rows}")


@_command(device, "remove")
@click.argument("dev_eui")
async def device_remove(settings: Settings, dev_eui: str) -> Answer:
    """Remove a device here and at the network server; its events stay."""
    network = app.open_network(settings)
    async with app.open_store(settings) as store:
        await provisioning.remove_device(store, network, dev_eui.lower())
    return Answer(views.Done(), f"{dev_eui} is removed.")


# ---------------------------------------------------------------- commands


@main.group()
def command() -> None:
    """What is asked of devices."""


@_command(command, "send")
@click.argument("dev_eui")
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[FIELD=NUMBER]...")
@click.option("--expires-in-s", type=click.IntRange(1), help="Not carried out later.")
async def command_send(
    settings: Settings, dev_eui: str, name: str, values: tuple[str, ...], expires_in_s: int | None
) -> Answer:
    """Ask something of a device, as `command send DEV_EUI dim level=40 ramp=2`."""
    numbers = _numbers(values)
    network = app.open_network(settings)
    async with app.open_store(settings) as store:
        commands = Commands(store, network, settings.commands)
        asked = await commands.request(dev_eui.lower(), name, numbers, expires_in_s)
    value = views.command_view(asked)
    follow = f"`lamplighter command show {value.id}` follows it."
    return Answer(value, f"{name} is {value.state}; {follow}")


def _numbers(values: tuple[str, ...]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for one in values:
        field, _, number = one.partition("=")
        try:
            numbers[field] = int(number)
        except ValueError:
            raise Refused(f"{one!r} is no value: write FIELD=NUMBER, as level=40") from None
    return numbers


@_command(command, "list")
@click.option("--device", "dev_eui", default="", help="Of this DevEUI only.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
async def command_list(settings: Settings, dev_eui: str, limit: int) -> Answer:
    """List commands, newest first."""
    async with app.open_store(settings) as store:
        found = await store.read(lambda view: view.commands(dev_eui.lower(), limit))
    value = views.Commands([views.command_view(one) for one in found])
    hidden = ("history", "applied", "expires_at", "updated_at", "attempts")
    rows = [plain(one, *hidden) for one in value.commands]
    return Answer(value, table(rows, "There are no commands."))


@_command(command, "show")
@click.argument("id_", metavar="ID")
async def command_show(settings: Settings, id_: str) -> Answer:
    """Show a command and all that happened to it."""
    async with app.open_store(settings) as store:
        found = await store.read(lambda view: view.command(id_))
    if found is None:
        raise Unknown(f"there is no command {id_}; `lamplighter command list` shows them")
    value = views.command_view(found)
    steps = table([plain(one) for one in value.history], "Nothing happened yet.")
    return Answer(value, f"{lines(plain(value, 'history'))}\n\n{steps}")


# ---------------------------------------------------------------- webhooks


@main.group()
def webhook() -> None:
    """Backends that get the events."""


@_command(webhook, "add")
@click.argument("url")
@click.option(
    "--type", "types", multiple=True, type=click.Choice([event_type(kind) for kind in KINDS]),
    help="Only events of this type; may be given more than once.",
)  # fmt: skip
async def webhook_add(settings: Settings, url: str, types: tuple[str, ...]) -> Answer:
    """Add a webhook: it gets the events from now on, each signed."""
    check_url(url, allow_private=settings.delivery.allow_private)
    made = webhooks.new_endpoint(url, types, wall_ms())
    async with app.open_store(settings) as store:
        await store.write(lambda tx: tx.add_endpoint(made))
    value = views.WebhookCreated(made.id, made.url, list(made.types), made.secret)
    once = "The secret is shown only now; the backend verifies signatures with it."
    return Answer(value, f"{lines(plain(value))}\n{once}")


@_command(webhook, "list")
async def webhook_list(settings: Settings) -> Answer:
    """List the webhooks and what became of their events."""
    async with app.open_store(settings) as store:
        found = await store.read(
            lambda view: [(one, view.totals(one.id)) for one in view.endpoints()]
        )
    value = views.Webhooks([views.webhook_view(*one) for one in found])
    rows = [plain(one, "totals", "created_at") | plain(one.totals) for one in value.webhooks]
    nothing = "There are no webhooks; `lamplighter webhook add` adds one."
    return Answer(value, table(rows, nothing))


@_command(webhook, "show")
@click.argument("id_", metavar="ID")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
async def webhook_show(settings: Settings, id_: str, limit: int) -> Answer:
    """Show a webhook, and why what is pending or dead was not taken."""
    async with app.open_store(settings) as store:
        endpoint = await store.read(lambda view: webhooks.endpoint(view, id_))
        totals = await store.read(lambda view: view.totals(id_))
        waiting = await store.read(
            lambda view: [
                views.delivery_view(one)
                for state in ("dead", "pending")
                for one in view.deliveries(id_, state=state, limit=limit)
            ]
        )
    value = views.webhook_view(endpoint, totals)
    rows = table([plain(one, "webhook", "first_at") for one in waiting], "Nothing waits.")
    facts = lines(plain(value, "totals") | plain(totals))
    return Answer({**plain(value), "waiting": waiting}, f"{facts}\n\n{rows}")


@_command(webhook, "remove")
@click.argument("id_", metavar="ID")
async def webhook_remove(settings: Settings, id_: str) -> Answer:
    """Remove a webhook; what is pending for it is withdrawn."""
    async with app.open_store(settings) as store:
        await store.write(lambda tx: tx.remove_endpoint(id_))
    return Answer(views.Done(), f"{id_} is removed.")


@_command(webhook, "replay")
@click.argument("id_", metavar="ID")
async def webhook_replay(settings: Settings, id_: str) -> Answer:
    """Send a webhook's dead letters again, with a fresh schedule."""
    async with app.open_store(settings) as store:
        count = await store.write(lambda tx: webhooks.replay(tx, id_, wall_ms()))
    return Answer(views.Done(count), f"{count} dead letters are pending again.")


@_command(webhook, "enable")
@click.argument("id_", metavar="ID")
async def webhook_enable(settings: Settings, id_: str) -> Answer:
    """Deliver again to a webhook that was disabled because it answered 410."""
    async with app.open_store(settings) as store:
        await store.write(lambda tx: webhooks.enable(tx, id_))
    return Answer(views.Done(), f"{id_} gets events again.")


# ---------------------------------------------------------------- API keys, events


@main.group()
def key() -> None:
    """API keys of those who use the REST API."""


@_command(key, "add")
@click.argument("name")
@click.option(
    "--scope", type=click.Choice(auth.SCOPES), default="read", show_default=True,
    help="What it may do; each scope includes those before it.",
)  # fmt: skip
async def key_add(settings: Settings, name: str, scope: str) -> Answer:
    """Make an API key; it is shown only once."""
    record, text = auth.new_key(name, scope, wall_ms())
    async with app.open_store(settings) as store:
        await store.write(lambda tx: tx.add_api_key(record))
    value = {"id": record.id, "name": name, "scopes": record.scopes, "key": text}
    return Answer(value, f"{lines(value)}\nThe key is shown only now.")


@_command(key, "list")
async def key_list(settings: Settings) -> Answer:
    """List the API keys, without their secrets."""
    async with app.open_store(settings) as store:
        found = await store.read(lambda view: view.api_keys())
    rows = [{"id": one.id, "name": one.name, "scopes": one.scopes} for one in found]
    return Answer(rows, table(rows, "There are no API keys; `lamplighter key add` makes one."))


@_command(key, "revoke")
@click.argument("id_", metavar="ID")
async def key_revoke(settings: Settings, id_: str) -> Answer:
    """Revoke an API key at once."""
    async with app.open_store(settings) as store:
        await store.write(lambda tx: tx.remove_api_key(id_))
    return Answer(views.Done(), f"{id_} is revoked.")


@main.group()
def event() -> None:
    """What happened on the street."""


@_command(event, "list")
@click.option("--after", type=click.IntRange(0), default=0, help="The `next` of the page before.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--kind", default="", type=click.Choice([*KINDS, ""]), help="Only of this kind.")
@click.option("--device", default="", help="Only of this DevEUI.")
async def event_list(settings: Settings, after: int, limit: int, kind: str, device: str) -> Answer:
    """List events, oldest first, in the order of their commits."""
    async with app.open_store(settings) as store:
        found = await store.read(lambda view: view.events(after, limit, kind, device.lower()))
    events = [msgspec.json.decode(one.body, type=Event) for one in found]
    value = views.EventPage(events, found[-1].cursor if found else after)
    hidden = ("specversion", "datacontenttype", "source", "sequence")
    return Answer(value, table([plain(one, *hidden) for one in events], "There are none."))


@_command(event, "explain")
@click.argument("id_", metavar="ID")
async def event_explain(settings: Settings, id_: str) -> Answer:
    """Tell an event's story: what it says, and what became of it at each webhook."""
    async with app.open_store(settings) as store:
        value = await store.read(lambda view: api.story(view, id_))
    if value is None:
        raise Unknown(f"there is no event {id_}; `lamplighter event list` shows them")
    hidden = ("event_id", "type", "subject")
    rows = [plain(one, *hidden) for one in value.deliveries]
    deliveries = table(rows, "No webhook wanted it.")
    return Answer(value, f"{lines(plain(value.event))}\n\n{deliveries}")
