"""`device import`, `export`, `labels` and `commission`: from a list to devices in service."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec

from gateway import device_list, labels
from gateway.cli._answer import on_parts
from gateway.cli._secret_folder import secret_folder
from gateway.errors import Refused
from gateway.provisioning import Provisioned
from gateway.terminal import Answer
from gateway.usecases import Parts, commissioning, device_lists, devices
from gateway.usecases.commissioning import CommissionRequest
from gateway.usecases.device_lists import Imported

PATH = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@click.argument("file", metavar="LIST", type=PATH)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="A new folder for the boards' files, with the keys, and for the labels.",
)
@on_parts
async def import_list(parts: Parts, file: Path, output: Path) -> Answer:
    """Register all devices of a CSV LIST, or none; write what their boards need."""
    listed = device_list.read(read_list(file))
    ready = await device_lists.prepare(parts, listed)
    with secret_folder(output, _files(ready)):
        await device_lists.register(parts, ready, _progress(len(ready)))
    done = Imported(
        len(ready), [one.device.dev_eui for one in ready], list(listed.notes), str(output)
    )
    told = [
        *done.notes,
        f"{done.count} devices are registered; none counts before `device commission`.",
        f"{output} holds their keys: device.json files, labels.pdf, devices.csv (without keys).",
        f"Next: python -m tools.flash_all {output} BOARD",
    ]
    return Answer(done, "\n".join(told))


def read_list(file: Path) -> bytes:
    """The bytes of a list. Raises Refused."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}; name the list", "file") from None


def _files(ready: Sequence[Provisioned]) -> dict[str, bytes]:
    """{name: contents}: a device.json by DevEUI each, labels and list without keys."""
    made = [one.device for one in ready]
    files = {
        f"{one.device.dev_eui}.json": msgspec.json.format(
            msgspec.json.encode(one.device_json), indent=2
        )
        for one in ready
    }
    return files | {
        "labels.pdf": labels.sheets(made),
        "devices.csv": device_list.write(made).encode(),
    }


def _progress(count: int) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done} of {count} registered", nl=done == count, err=True)

    return tell


@click.command("export")
@click.option("--output", type=PATH, help="Write it here; printed when not given.")
@on_parts
async def export_list(parts: Parts, output: Path | None) -> Answer:
    """Write the list of our own boards as CSV, without keys; `device import` reads it."""
    found = await device_lists.export(parts)
    if not output:
        return Answer(found, found.csv.rstrip("\n"))
    write_file(output, found.csv.encode())
    return Answer(found, f"{output} has {found.count} devices, without keys.")


@click.command("labels")
@click.argument("file", metavar="FILE", type=PATH)
@click.argument("names", metavar="[DEVICE]...", nargs=-1)
@on_parts
async def label_sheets(parts: Parts, file: Path, names: tuple[str, ...]) -> Answer:
    """Write the labels of all devices, or of these, as a PDF with QR codes; no key is on them."""
    wanted = [await devices.named(parts, name) for name in names]
    found = await parts.store.read(lambda view: view.devices())
    chosen = [one for one in found if not wanted or one.dev_eui in wanted]
    if not chosen:
        raise Refused("there are no devices; `lamplighter device add` adds one", "device")
    write_file(file, labels.sheets(chosen))
    return Answer({"labels": len(chosen)}, f"{file} has {len(chosen)} labels, 70 x 37 mm.")


@click.command("commission")
@click.argument("words", metavar="CERTIFICATE", nargs=-1, required=True)
@on_parts
async def commission(parts: Parts, words: tuple[str, ...]) -> Answer:
    """Put a device into service. CERTIFICATE: the line of the node's `save`, or its QR code."""
    body = CommissionRequest(certificate=" ".join(words))
    done = await commissioning.commission(parts, body=body)
    geometry = f", H0 {done.h0_mm} mm" if done.h0_mm is not None else ""
    return Answer(
        done, f"{done.name} is in service as {done.asset}{geometry}; its readings count."
    )


def write_file(path: Path, data: bytes) -> None:
    """Write what was asked for. Raises Refused."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}; give another path", "output"
        ) from None


COMMANDS = (import_list, export_list, label_sheets, commission)
