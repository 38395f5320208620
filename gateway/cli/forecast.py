"""`lamplighter forecast`: what bins, streets and bays will do, from files of their history."""

from datetime import datetime
from pathlib import Path

import click

from gateway.cli._files import HISTORY, local, note, on_files
from gateway.clock import time_zone
from gateway.errors import Refused
from gateway.forecast import bins as bin_forecast
from gateway.forecast import footfall as footfall_forecast
from gateway.forecast import table, trees
from gateway.terminal import Answer

OUT = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
    help="The CSV to write.",
)  # fmt: skip
PLAIN = click.option("--plain", is_flag=True, help="Use the plain formula, without LightGBM.")


@click.group()
def forecast() -> None:
    """What is to come, each with an 80 % band and its own past error."""


@forecast.command("bins")
@HISTORY
@click.option("--at", required=True, help="Local time from which on to forecast, ISO 8601.")
@click.option("--hours", type=click.IntRange(0, 168), default=6, show_default=True)
@OUT
@PLAIN
@on_files
def bins(history: Path, at: str, hours: int, out: Path, plain: bool) -> Answer:
    """How full each bin will be at each whole hour, from DIR/bins.csv."""
    known = bin_forecast.read(history / bin_forecast.FILE)
    note(known.notes)
    grower = None if plain else trees.grower()
    made = bin_forecast.forecast(known, local(at), hours, grower)
    table.write(out, bin_forecast.OUT, made.rows)
    return _answer(made, out, "points")


@forecast.command("footfall")
@HISTORY
@click.option("--at", required=True, help="The local midnight, ISO 8601 with its offset.")
@click.option(
    "--zone", default="Australia/Melbourne", show_default=True, help="Time zone of the counters."
)
@OUT
@PLAIN
@on_files
def footfall(history: Path, at: str, zone: str, out: Path, plain: bool) -> Answer:
    """How many people pass in each hour of the day, from DIR/footfall.csv."""
    place = time_zone(zone)
    start = _instant(at)
    known = footfall_forecast.read(history, place)
    note(known.notes)
    grower = None if plain else trees.grower()
    made = footfall_forecast.forecast(known, start, place, grower)
    table.write(out, footfall_forecast.OUT, made.rows)
    return _answer(made, out, "people")


def _instant(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Refused(
            f"--at is {text!r}, not a time with its offset such as 2016-03-05T00:00:00+11:00", "at"
        )
    return time


Made = bin_forecast.Forecast | footfall_forecast.Forecast


def _answer(made: Made, out: Path, unit: str) -> Answer:
    error, number = made.past_mae, made.past_number
    value = {"rows": len(made.rows), "model": made.model, "past_mae": error, "past_number": number}
    past = f"{number} of its past forecasts missed by {error:.3g} {unit} on average"
    said = past if number else "there is no past forecast to tell its error from"
    by = "boosted trees" if made.model == "trees" else "the plain formula"
    return Answer(value, f"{len(made.rows)} forecasts by {by} are in {out}; {said}.")
