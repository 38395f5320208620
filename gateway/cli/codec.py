"""`lamplighter codec`: codecs in JavaScript for products that have no decoder here."""

from pathlib import Path

import click
import msgspec

from gateway.cli._answer import on_parts
from gateway.codecs.mapping import Mapping, read
from gateway.errors import Refused
from gateway.terminal import Answer, lines, plain, table
from gateway.usecases import Parts, codecs
from gateway.usecases.codecs import CodecRequest, TryRequest

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def codec() -> None:
    """Codecs in JavaScript (TS013) for products that have no decoder here."""


@codec.command("add")
@click.argument("name")
@click.argument("script", type=FILE)
@click.option("--mapping", type=FILE, required=True, help="JSON: what its fields are here.")
@on_parts
async def add(parts: Parts, name: str, script: Path, mapping: Path) -> Answer:
    """Add or replace a codec; devices added with `--decoder js:NAME` are read by it."""
    found = _mapping(mapping)
    text = _text(script)
    made = await codecs.add(parts, body=CodecRequest(name, text, found))
    return Answer(made, lines(plain(made)))


def _text(script: Path) -> str:
    try:
        return script.read_bytes().decode()
    except UnicodeDecodeError:
        raise Refused(f"{script} is not UTF-8", "script") from None


def _mapping(path: Path) -> Mapping:
    try:
        return read(path.read_bytes())
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused(f"{path}: {error}", "mapping") from None


@codec.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List the codecs."""
    found = await codecs.find_all(parts)
    rows = [plain(one) for one in found.codecs]
    return Answer(found, table(rows, "There are no codecs; `lamplighter codec add` adds one."))


@codec.command("try")
@click.argument("name")
@click.argument("data", metavar="HEX")
@click.option("--fport", type=click.IntRange(1, 255), default=1, show_default=True)
@on_parts
async def attempt(parts: Parts, name: str, data: str, fport: int) -> Answer:
    """Show what a codec makes of a frame; nothing is kept."""
    try:
        data = bytes.fromhex(data).hex()
    except ValueError:
        raise Refused(f"{data!r} is not hexadecimal", "data") from None
    found = await codecs.attempt(parts, name, body=TryRequest(fport, data))
    text = msgspec.json.format(msgspec.json.encode(found.reports), indent=2).decode()
    return Answer(found, text)


@codec.command("remove")
@click.argument("name")
@on_parts
async def remove(parts: Parts, name: str) -> Answer:
    """Remove a codec; frames of its devices are then kept as they are."""
    return Answer(await codecs.remove(parts, name), f"{name} is removed.")
