"""`lamplighter programme`: what lamps do by themselves, night after night."""

from pathlib import Path
from typing import Any

import click

from gateway.cli._answer import on_parts
from gateway.cli._caller import caller
from gateway.cli.bulk import begun
from gateway.errors import Refused
from gateway.lighting.preview import Preview
from gateway.terminal import Answer, choice_of, lines, plain, range_of, table
from gateway.usecases import Parts, devices, programmes
from gateway.usecases.devices import DeviceRequest
from gateway.usecases.programmes import PreviewQuery, ProgrammeRequest, PushRequest

WIDTH = 48


@click.group()
def programme() -> None:
    """What lamps do by themselves, night after night."""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read as text: {error}; name the file", "file") from None


def _of_file(name: str) -> str:
    """The text of a file of this name, empty where there is none."""
    return _text(Path(name)) if Path(name).is_file() else ""


@programme.command("edit")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@on_parts
async def edit(parts: Parts, file: Path) -> Answer:
    """Keep FILE, TOML or JSON, as the next version of the programme that it names."""
    made = await programmes.edit(parts, body=ProgrammeRequest(_text(file)), caller=caller())
    push = f"`lamplighter programme push {made.name} --tag street=NAME` brings it to lamps."
    return Answer(made, f"{made.name} is version {made.version}, {made.bytes} bytes. {push}")


@programme.command("list")
@on_parts
async def find_all(parts: Parts) -> Answer:
    """List every version of every programme, newest first."""
    found = await programmes.find_all(parts)
    rows = [plain(one, "source") for one in found.programmes]
    return Answer(found, table(rows, "There are no programmes."))


@programme.command("show")
@click.argument("name")
@on_parts
async def find(parts: Parts, name: str) -> Answer:
    """Show a programme as it was written. NAME: a version, or the newest of a name."""
    found = await programmes.find(parts, name)
    return Answer(found, f"{lines(plain(found, 'source'))}\n\n{found.source.rstrip()}")


@programme.command("preview")
@click.argument("name")
@click.option("--date", default="", help="The night begins on it, as 2026-06-21; today's else.")
@click.option("--latitude", type=float, help="Degrees north, in place of the programme's.")
@click.option("--longitude", type=float, help="Degrees east.")
@click.option("--rated-w", type=float, default=70.0, show_default=True, help="Of one lamp.")
@click.option("--standby-w", type=float, default=1.0, show_default=True, help="At level 0.")
@click.option(
    "--baseline", type=choice_of(PreviewQuery, "baseline"), default="full_night",
    show_default=True, help="What the energy is compared with.",
)  # fmt: skip
@on_parts
async def see(parts: Parts, name: str, **given: Any) -> Answer:
    """Show one night: levels, sun, kWh, the French decree. NAME: a file, a version or a name."""
    query = PreviewQuery(**given)
    text = _of_file(name)
    if text and query.baseline == "full_night":
        found = programmes.previewed(text, "", query, parts.clock())
    else:
        found = await programmes.see(parts, name, query=query)
    return Answer(found, _curve(found))


def _curve(found: Preview) -> str:
    facts = lines(plain(found, "steps", "decree"))
    bars = [
        f"{one.clock}  {one.level:>3} %  {'#' * (one.level * WIDTH // 100)}" for one in found.steps
    ]
    decree = found.decree or ["nothing against the decree of 27-12-2018"]
    return "\n".join([facts, "", *bars, "", *decree])


@programme.command("push")
@click.argument("name")
@click.option("--device", "named", multiple=True, help="Its name or DevEUI; again for more.")
@click.option("--tag", "tags", multiple=True, help="As street=Oak; again: lamps with both.")
@click.option("--profile", type=choice_of(DeviceRequest, "profile"))
@click.option("--expires-in-s", type=range_of(PushRequest, "expires_in_s"))
@click.option("--key", default="", help="Idempotency key: repeated with it, it is pushed once.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent to whom, and send nothing.")
@on_parts
async def push(parts: Parts, name: str, **more: Any) -> Answer:
    """Push a programme to the lamps that fit. NAME: a version, or the newest of a name."""
    body = PushRequest(
        devices=[await devices.named(parts, one) for one in more["named"]],
        tags=list(more["tags"]), profile=more["profile"] or "",
        expires_in_s=more["expires_in_s"], idempotency_key=more["key"],
    )  # fmt: skip
    if more["dry_run"]:
        plan = await programmes.attempt(parts, name, body=body, caller=caller())
        return Answer(plan, lines(plain(plan)), 1 if plan.refusals else 0)
    made = await programmes.push(parts, name, body=body, caller=caller())
    return Answer(made, begun(made))


@programme.command("status")
@on_parts
async def status(parts: Parts) -> Answer:
    """Show which version each lamp follows, and how far its newest push came."""
    found = await programmes.status(parts)
    return Answer(found, table([plain(one) for one in found.lamps], "There are no lamps."))
