"""`lamplighter device`: boards on the street."""

from pathlib import Path
from typing import Any

import click
import msgspec

from gateway.cli._answer import on_parts
from gateway.provisioning import PROFILES
from gateway.terminal import Answer, lines, plain, range_of, table
from gateway.usecases import Parts, devices
from gateway.usecases.devices import DeviceRequest


@click.group()
def device() -> None:
    """Boards on the street."""


@device.command("add")
@click.argument("name")
@click.option("--profile", type=click.Choice(PROFILES), required=True, help="What it is.")
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
    made = await devices.add(parts, body=DeviceRequest(**given))
    text = msgspec.json.format(msgspec.json.encode(made.device_json), indent=2).decode()
    if output:
        _write_secret(output, text + "\n")
    where = f"It is in {output}." if output else f"Save this as device.json:\n\n{text}\n"
    return Answer(
        made,
        f"{made.name} is registered as {made.dev_eui}, a {made.profile}. The key is shown "
        f"only now. {where}\nThen, with the board on USB:\n"
        f"    mpremote cp {output or 'device.json'} :device.json + reset",
    )


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


@device.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List the devices."""
    value = await devices.find_all(parts)
    rows = [plain(one, "join_eui") for one in value.devices]
    return Answer(value, table(rows, "There are no devices; `lamplighter device add` adds one."))


@device.command("show")
@click.argument("dev_eui")
@on_parts
async def find(parts: Parts, dev_eui: str) -> Answer:
    """Show a device and its newest values."""
    facts = plain(await devices.find(parts, dev_eui))
    values = (await devices.latest(parts, dev_eui)).values
    rows = table([plain(one) for one in values], "It has not reported yet.")
    return Answer({**facts, "values": values}, f"{lines(facts)}\n\n{rows}")


@device.command("remove")
@click.argument("dev_eui")
@on_parts
async def remove(parts: Parts, dev_eui: str) -> Answer:
    """Remove a device here and at the network server; its events stay."""
    return Answer(await devices.remove(parts, dev_eui), f"{dev_eui} is removed.")
