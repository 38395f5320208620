"""`lamplighter asset`: bins, lamps, bays and counters on the street."""

from pathlib import Path

import click

from gateway.cli._answer import on_parts
from gateway.cli._many import PATH, read_list, write_file
from gateway.errors import Refused
from gateway.terminal import Answer, choice_of, plain, table
from gateway.usecases import Parts, assets, devices
from gateway.usecases.assets import AssetsQuery, AssignRequest


@click.group()
def asset() -> None:
    """Bins, lamps, bays and counters on the street, and their devices."""


@asset.command("import")
@click.argument("file", metavar="LIST", type=PATH)
@on_parts
async def bring(parts: Parts, file: Path) -> Answer:
    """Add or replace the assets of LIST (CSV or GeoJSON, also of OpenStreetMap), all or none."""
    done = await assets.bring(parts, read_list(file))
    said = f"{done.added} assets are new, {done.changed} changed, {done.same} were the same."
    return Answer(done, "\n".join([*done.notes, said]))


@asset.command("export")
@click.option("--geojson", is_flag=True, help="As GeoJSON instead of CSV.")
@click.option("--output", type=PATH, help="Write it here; printed when not given.")
@on_parts
async def export(parts: Parts, output: Path | None, *, geojson: bool) -> Answer:
    """Write all assets; `asset import` reads it, and a spreadsheet computes no text in it."""
    made = await assets.export(parts, geojson=geojson)
    if not output:
        return Answer({"text": made}, made.rstrip("\n"))
    write_file(output, made.encode())
    return Answer({"path": str(output)}, f"{output} has all assets.")


@asset.command("list")
@click.option("--kind", type=choice_of(AssetsQuery, "kind"), help="Only of this kind.")
@click.option("--zone", default="", help="Only of this zone.")
@on_parts
async def find_all(parts: Parts, kind: str | None, zone: str) -> Answer:
    """List the assets."""
    value = await assets.find_all(parts, query=AssetsQuery(kind or "", zone))
    rows = [plain(one, "stays") for one in value.assets]
    return Answer(value, table(rows, "There are no assets; `lamplighter asset import` adds them."))


@asset.command("assign")
@click.argument("id_", metavar="ASSET")
@click.argument("device", metavar="[DEVICE]", required=False)
@click.option("--none", "nothing", is_flag=True, help="No device from now on.")
@click.option("--since", default="", help="Since this instant, RFC 3339; now when not given.")
@on_parts
async def assign(
    parts: Parts, id_: str, device: str | None, since: str, *, nothing: bool
) -> Answer:
    """Let DEVICE (its name or DevEUI) stand for ASSET from now on."""
    if bool(device) == nothing:
        raise Refused("name a device, or give --none: one of them", "device")
    eui = await devices.named(parts, device) if device else None
    made = await assets.assign(parts, id_, body=AssignRequest(eui, since))
    return Answer(made, f"{made.id} has {f'the device {device}' if device else 'no device'}.")
