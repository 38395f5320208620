"""`device series` and `device tag`: what a device measured, and what filters may name it by."""

from pathlib import Path
from typing import Any

import click
import msgspec

from gateway.cli._answer import on_parts
from gateway.errors import Refused
from gateway.terminal import Answer, choice_of, plain, range_of, table
from gateway.usecases import Parts, devices, series
from gateway.usecases.devices import TagsRequest
from gateway.usecases.series import SeriesQuery, SeriesRange


@click.command("series")
@click.argument("device", metavar="DEVICE")
@click.option("--step", type=choice_of(SeriesQuery, "step"), default="raw", show_default=True)
@click.option("--property", default="", help="Only this one.")
@click.option("--since", default="", help="Measured from this instant on, RFC 3339.")
@click.option("--until", default="", help="Measured before this instant.")
@click.option("--zone", default="UTC", show_default=True, help="Its midnight begins a day.")
@click.option("--after", default="", help="The `next` of the page before.")
@click.option("--limit", type=range_of(SeriesQuery, "limit"), default=100, show_default=True)
@click.option(
    "--csv", "file", type=click.Path(path_type=Path, dir_okay=False),
    help="Write all of it here as CSV, instead of a page.",
)  # fmt: skip
@on_parts
async def of_device(
    parts: Parts, device: str, after: str, limit: int, file: Path | None, **given: Any
) -> Answer:
    """Show what a device measured: each value, or statistics of quarters of an hour or of days."""
    dev_eui = await devices.named(parts, device)
    if file:
        size = await _write(file, parts, dev_eui, SeriesRange(**given))
        return Answer({"path": str(file), "bytes": size}, f"{file} has {size} bytes.")
    query = SeriesQuery(**given, after=after, limit=limit)
    value = await series.page(parts, dev_eui, query=query)
    rows = [plain(one) for one in (*value.values, *value.spans)]
    following = [f"--after {value.next} shows what follows."] * value.more
    said = [table(rows, "There is nothing."), *following, *value.doubts]
    return Answer(value, "\n".join(said))


async def _write(file: Path, parts: Parts, dev_eui: str, asked: SeriesRange) -> int:
    """Write the table beside its place, then put it there; returns its bytes."""
    pieces = await series.table(parts, dev_eui, query=asked)
    begun = file.with_name(f"{file.name}.part")
    try:
        with begun.open("wb") as made:
            async for piece in pieces:
                made.write(piece)
            size = made.tell()
        begun.replace(file)
    except OSError as error:
        said = f"{file} cannot be written: {error.strerror}; give another path"
        raise Refused(said, "csv") from None
    finally:
        begun.unlink(missing_ok=True)
    return size


@click.command("tag")
@click.argument("device", metavar="DEVICE")
@click.argument("tags", metavar="[TAG]...", nargs=-1)
@on_parts
async def tag(parts: Parts, device: str, tags: tuple[str, ...]) -> Answer:
    """Give a device these tags in place of those that it has; none takes all away."""
    dev_eui = await devices.named(parts, device)
    try:
        body = msgspec.convert({"tags": tags}, TagsRequest)
    except msgspec.ValidationError:
        said = "a tag has 1 to 50 letters, digits and . _ : / -, and a device at most 20 of them"
        raise Refused(said, "tags") from None
    value = await devices.tag(parts, dev_eui, body=body)
    return Answer(value, f"{value.name} has the tags {', '.join(value.tags) or '(none)'}.")


COMMANDS = (of_device, tag)
