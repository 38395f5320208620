"""`lamplighter collect`: which bins to empty today, why, and in what order."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gateway.cli._files import HISTORY, local, note, on_files
from gateway.collection import files, plan, sheets
from gateway.collection.files import DEPOT, History, Place
from gateway.collection.plan import Limits, Plan, Point
from gateway.errors import Refused
from gateway.forecast import table
from gateway.terminal import Answer

RISKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
CURVE = ("risk", "emptyings", "emptyings_change_pct", "overflows", "overflows_change_pct")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("collect")
@HISTORY
@click.option("--at", required=True, help="Local time of the visit, ISO 8601.")
@click.option(
    "--risk",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Accepted chance that a bin overflows before the visit of tomorrow.",
)
@click.option("--out", type=FILE, required=True, help="The list, a CSV in order of the way.")
@click.option("--skipped", type=FILE, help="What can wait, and why, as a CSV.")
@click.option("--gpx", type=FILE, help="The way, for a navigator.")
@click.option("--pdf", "sheet", type=FILE, help="The list with boxes to tick.")
@click.option("--curve", type=FILE, help="The trade-off against the calendar, a CSV.")
@click.option(
    "--calendar",
    type=click.IntRange(1, 28),
    default=1,
    show_default=True,
    help="The calendar to compare with: each bin every so many days.",
)
@click.option("--depot", help="Where the truck starts, X,Y or LAT,LON as in places.csv.")
@click.option("--truck-l", type=click.FloatRange(1), help="Litres that the truck holds.")
@click.option("--shift-end", help="Local time of the day at which the truck is back, HH:MM.")
@click.option("--speed-kmh", type=click.FloatRange(1), default=20.0, show_default=True)
@click.option("--stop-min", type=click.FloatRange(0), default=2.0, show_default=True)
@click.option(
    "--bin-l",
    type=click.FloatRange(1),
    default=240.0,
    show_default=True,
    help="Litres of a full bin whose size nobody knows.",
)
@click.option(
    "--max-age-days",
    "age_days",
    type=click.FloatRange(1),
    default=14.0,
    show_default=True,
    help="A bin is emptied at the latest after so many days.",
)
@on_files
def collect(  # noqa: PLR0917 - click gives each by its name
    history: Path, at: str, risk: float, out: Path, calendar: int, depot: str | None,
    shift_end: str | None, **given: Any,
) -> Answer:  # fmt: skip
    """Which bins to empty, from DIR/bins.csv, readings.csv and places.csv."""
    start = local(at)
    known = files.read(history, start)
    note(known.notes)
    if depot:
        known.places[DEPOT] = _depot(depot, known)
    outputs = {name: given.pop(name) for name in ("skipped", "gpx", "sheet", "curve")}
    limits = Limits(shift_min=_minutes(start, shift_end), **given)
    now = plan.morning(known, start)
    made = plan.make(known, now, risk, limits)
    points = plan.curve(now, RISKS, calendar) if outputs["curve"] else []
    _write(made, points, known, outputs, f"Collection of {start:%Y-%m-%d}")
    table.write(out, sheets.COLUMNS, sheets.rows(made))
    return _answer(made, out)


def _answer(made: Plan, out: Path) -> Answer:
    value = {
        "bins": len(made.stops), "urgent": sum(one.urgent for one in made.stops),
        "skipped": len(made.skipped), "km": made.km, "minutes": made.minutes,
        "litres": made.litres,
    }  # fmt: skip
    text = (
        f"{len(made.stops)} bins to empty, {value['urgent']} of them urgent; {len(made.skipped)} "
        f"can wait. {made.km:.1f} km, {made.minutes:.0f} min, {made.litres:.0f} l. In {out}."
    )
    return Answer(value, text)


def _write(
    made: Plan, points: list[Point], known: History, outputs: dict[str, Path | None], title: str
) -> None:
    if path := outputs["gpx"]:
        table.replace(path, sheets.gpx(made, known.places, title).encode())
    if path := outputs["sheet"]:
        table.replace(path, sheets.sheet(made, title))
    if path := outputs["skipped"]:
        table.write(path, sheets.COLUMNS, sheets.skipped(made))
    if path := outputs["curve"]:
        table.write(path, CURVE, [_point(one) for one in points])


def _point(one: Point) -> tuple[float, ...]:
    here, calendar = one.here, one.calendar
    emptyings = 100 * (here.emptyings / calendar.emptyings - 1)
    overflows = 100 * (here.overflows / max(calendar.overflows, 1e-9) - 1)
    return (one.risk, here.emptyings, emptyings, here.overflows, overflows)


def _depot(text: str, known: History) -> Place:
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise Refused(
            f"--depot is {text!r}, not two numbers such as -4000,-500", "depot"
        ) from None
    return files.depot(first, second, known.places)


def _minutes(start: datetime, end: str | None) -> float | None:
    if end is None:
        return None
    try:
        time = datetime.strptime(end, "%H:%M").time()  # noqa: DTZ007 - local, as `start` is
    except ValueError:
        raise Refused(f"--shift-end is {end!r}, not a time such as 12:30", "shift_end") from None
    minutes = (start.replace(hour=time.hour, minute=time.minute) - start).total_seconds() / 60
    if minutes <= 0:
        raise Refused(f"the shift ends at {end}, before it begins at {start:%H:%M}", "shift_end")
    return minutes
