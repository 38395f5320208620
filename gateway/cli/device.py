"""`lamplighter device`: boards on the street."""

import asyncio
import signal
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway import app
from gateway.cli import _device_more, _many
from gateway.cli._answer import on_parts, on_settings
from gateway.cli._decoder import DecoderName
from gateway.cli._secret import secret_file
from gateway.errors import Refused
from gateway.provisioning import OURS
from gateway.settings import Settings
from gateway.terminal import Answer, choice_of, lines, plain, range_of, table
from gateway.usecases import Parts, devices
from gateway.usecases.devices import DeviceCreated, DeviceRequest


@click.group(commands=(*_many.COMMANDS, *_device_more.COMMANDS))
def device() -> None:
    """Boards on the street."""


@device.command("add")
@click.argument("name")
@click.option(
    "--profile",
    type=choice_of(DeviceRequest, "profile"),
    help="What a board of ours is.",
)
@click.option(
    "--decoder",
    type=DecoderName(choice_of(DeviceRequest, "decoder").choices),
    default="lamplighter",
    show_default=True,
    help="What reads its frames; `lamplighter` for boards of ours, `js:NAME` for a codec.",
)
@click.option(
    "--class",
    "device_class",
    type=choice_of(DeviceRequest, "device_class"),
    help="LoRaWAN class of a device that is not ours; A when not given.",
)
@click.option("--dev-eui", help="Its DevEUI, 16 hex digits; made when not given.")
@click.option("--join-eui", help="Its JoinEUI, 16 hex digits; zeros when not given.")
@click.option("--app-key", help="Its AppKey, 32 hex digits; made when not given.")
@click.option(
    "--report-s", type=range_of(DeviceRequest, "report_s"), help="Seconds between reports."
)
@click.option(
    "--sample-s", type=range_of(DeviceRequest, "sample_s"), help="Seconds between samples."
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write device.json here."
)
@on_parts
async def add(parts: Parts, output: Path | None, **given: Any) -> Answer:
    """Register a device here and at the network server; print what its board needs."""
    if output and given["decoder"] != OURS:
        raise Refused(
            f"--output writes the file of a board of ours: leave it out with --decoder "
            f"{given['decoder']}",
            "output",
        )
    chosen = {name: value for name, value in given.items() if value is not None}
    ready = await devices.prepare(parts, DeviceRequest(**chosen))
    text = msgspec.json.format(msgspec.json.encode(ready.device_json), indent=2).decode()
    with secret_file(output, text + "\n") if output else nullcontext():
        await devices.register(parts, ready)
    made = devices.created(ready)
    kind = made.profile or made.decoder
    done = f"{made.name} is registered as {made.dev_eui}, a {kind}. The key is shown only now."
    following = _file(text, output) if made.device_json else _keys(made)
    return Answer(made, f"{done} {following}")


def _file(text: str, output: Path | None) -> str:
    """What to do with the device.json of a board of ours."""
    where = f"It is in {output}." if output else f"Save this as device.json:\n\n{text}\n"
    return (
        f"{where}\nThen, with the board on USB:\n"
        f"    mpremote cp {output or 'device.json'} :device.json + reset"
    )


def _keys(made: DeviceCreated) -> str:
    return "Enter this with its maker's tool:\n\n" + lines(
        {"DevEUI": made.dev_eui, "JoinEUI": made.join_eui, "AppKey": made.app_key}
    )


@device.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List the devices."""
    value = await devices.find_all(parts)
    rows = [plain(one, "join_eui") for one in value.devices]
    return Answer(value, table(rows, "There are no devices; `lamplighter device add` adds one."))


@device.command("show")
@click.argument("device", metavar="DEVICE")
@on_parts
async def find(parts: Parts, device: str) -> Answer:
    """Show a device and its newest values. DEVICE: its name or DevEUI."""
    dev_eui = await devices.named(parts, device)
    found = await devices.find(parts, dev_eui)
    facts = plain(found, "troubles")
    wrong = "\n".join(
        f"{one.last_at} {one.code} ({one.count} times): {one.reason}" for one in found.troubles
    )
    values = (await devices.latest(parts, dev_eui)).values
    rows = table([plain(one) for one in values], "It has not reported yet.")
    shown = [lines(facts), rows] + [f"What was wrong:\n{wrong}"] * bool(wrong)
    return Answer({**facts, "troubles": found.troubles, "values": values}, "\n\n".join(shown))


@device.command("remove")
@click.argument("device", metavar="DEVICE")
@on_parts
async def remove(parts: Parts, device: str) -> Answer:
    """Remove a device here and at the network server; its events stay. DEVICE: name or DevEUI."""
    dev_eui = await devices.named(parts, device)
    return Answer(await devices.remove(parts, dev_eui), f"{device} is removed.")


@device.command("simulate")
@click.argument("device", metavar="DEVICE")
@click.option("--every-s", type=click.FloatRange(0.1, 86400), default=5.0, show_default=True)
@click.option(
    "--count", type=click.IntRange(1), help="So many readings; until Ctrl-C if not given."
)
@on_settings
async def simulate(settings: Settings, device: str, every_s: float, count: int | None) -> Answer:
    """Store readings of a registered device that is not there; needs `kind = "virtual"`."""
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    async with app.open_parts(settings) as parts:
        dev_eui = await devices.named(parts, device)
    if count is None:
        click.echo(f"{device} reports every {every_s:g} s, until Ctrl-C.", err=True)
    sent = await app.simulate(settings, dev_eui, every_s=every_s, count=count, stop=stop)
    return Answer({"readings": sent}, f"{sent} readings of {device} are stored.")
