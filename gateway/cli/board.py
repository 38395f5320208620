"""`lamplighter board`: files for boards that have none."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from gateway import boards, mcu
from gateway.boards import Board
from gateway.errors import GatewayError, Refused
from gateway.terminal import fail

FOLDER = Path("boards")
"""Where a checkout of the firmware has its board files."""


class BoardCreated(Struct):
    """The file that was written."""

    name: str
    path: str


@click.group()
def board() -> None:
    """Files for boards that have none: which GPIO goes where."""


@board.command("new")
@click.argument("name")
@click.option("--mcu", help=f"The chip: {', '.join(mcu.names())}.")
@click.option("--radio", help=f"The radio: {', '.join((*boards.RADIOS, 'modem'))}.")
@click.option("--modem", help=f"With --radio modem: {', '.join(boards.MODEMS)}.")
@click.option("--radio-spi", type=int, default=1, show_default=True, help="Its SPI controller.")
@click.option("--pins", help="GPIOs as sck=10,mosi=11,...; also lamp, led, vbus, wake, battery.")
@click.option(
    "--sensor", "sensors", multiple=True,
    help="As distance=a02yyuw,uart=0,tx=0,rx=1; again for another.",
)  # fmt: skip
@click.option("--battery", help="With pin battery: divide=3,low_mv=3300, its divider and limit.")
@click.option("--tcxo-mv", type=int, default=0, show_default=True, help="0 is a crystal.")
@click.option("--rf-switch", type=click.Choice(["dio2", "none"]), default="dio2")
@click.option("--antenna-dbi", type=int, default=2, show_default=True, help="Gain.")
@click.option("--source", help="The schematic that says so.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
def new(*, as_json: bool, output: Path | None, **given: Any) -> None:
    """Write a board file; what is not given is asked for at a terminal."""
    try:
        made = _board(given, asks=at_terminal() and not as_json)
        folder = FOLDER if FOLDER.is_dir() else Path()
        created = BoardCreated(
            made.name, str(_written(made, output or folder / f"{made.name}.py"))
        )
    except GatewayError as error:
        fail(error, as_json=as_json)
    done = f"{created.path} is written. Check it against the board, then: make flash"
    text = f"{done} BOARD={created.name} PORT=..."
    click.echo(msgspec.json.encode(created).decode() if as_json else text)


def at_terminal() -> bool:
    """Is there a person to ask?"""
    return sys.stdin.isatty()


def _board(given: dict[str, Any], *, asks: bool) -> Board:
    """What the options say, and for the rest the person at the terminal."""
    _choices(given, asks=asks)
    pins = _numbers("pins", given.pop("pins") or "")
    for name in boards.needed(given["radio"], given["modem"]) if asks else ():
        if name not in pins:
            pins[name] = click.prompt(f"GPIO of {name}", type=int)
    sensors = dict(_sensor(one) for one in given.pop("sensors"))
    for role in boards.ROLES if asks and not sensors else ():
        said = click.prompt(f"{role} sensor, as a02yyuw,uart=0,tx=0,rx=1", default="")
        sensors |= [_sensor(f"{role}={said}")] if said else []
    battery = _numbers("battery", given.pop("battery") or "")
    return Board(pins=pins, sensors=sensors, battery=battery, **given)


def _choices(given: dict[str, Any], *, asks: bool) -> None:
    """Asks for what must be there and is not, into `given`."""
    questions = {
        "mcu": f"mcu, one of {', '.join(mcu.names())}",
        "radio": f"radio, one of {', '.join((*boards.RADIOS, 'modem'))}",
        "source": "the schematic that says so",
    }
    for name, question in questions.items():
        if given[name] is None:
            given[name] = _ask(name, question, asks=asks)
    if given["radio"] == "modem" and given["modem"] is None:
        given["modem"] = _ask("modem", f"modem, one of {', '.join(boards.MODEMS)}", asks=asks)


def _ask(name: str, question: str, *, asks: bool) -> str:
    if not asks:
        raise Refused(f"--{name} is missing: {question}.", name)
    return click.prompt(question)


def _numbers(option: str, said: str) -> dict[str, int]:
    """{name: number} of "name=number,...". Raises Refused."""
    found: dict[str, int] = {}
    for pair in filter(None, said.split(",")):
        name, _, number = pair.partition("=")
        try:
            found[name.strip()] = int(number, 0)
        except ValueError:
            raise Refused(f"{pair!r} is no pair: write NAME=NUMBER, as sck=10.", option) from None
    return found


def _sensor(said: str) -> tuple[str, dict[str, Any]]:
    """(role, entry of SENSORS) of "role=chip,wire=number,...". Raises Refused."""
    head, _, rest = said.partition(",")
    role, _, chip = head.partition("=")
    if not role or not chip:
        raise Refused(f"{said!r} is no sensor: write distance=a02yyuw,uart=0,tx=0,rx=1.", "sensor")
    return role, {"chip": chip, **_numbers("sensor", rest)}


def _written(made: Board, path: Path) -> Path:
    """Writes the file. Raises Refused where one is already."""
    text = boards.text(made)
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        why = f"{path} is there already: move it away, or give --output."
        raise Refused(why, "output") from None
    except OSError as error:
        why = f"{path} cannot be written ({error.strerror}): give --output."
        raise Refused(why, "output") from None
    return path
