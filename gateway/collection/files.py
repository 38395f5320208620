"""The files of a collection: `bins.csv`, `readings.csv` and `places.csv` of a history.

readings.csv: `bin_id`, `at_local`, `fill_pct` (0 to 125: above 100 the bin is over its service
level); a silent sensor has no row.  places.csv: `bin_id` and `lat`, `lon` (WGS 84) or `x_m`, `y_m`
(metres). A row whose `bin_id` is `depot` is where the truck starts.
"""

from datetime import datetime
from math import cos, isnan, nan, radians
from pathlib import Path

from msgspec import Struct

from gateway.collection.city import Seen
from gateway.errors import Refused
from gateway.forecast import bins, table

READINGS = "readings.csv"
PLACES = "places.csv"
RIM = 125.0
DEPOT = "depot"
M_PER_DEGREE = 111_195.0
"""Of latitude, on a sphere of 6371 km."""


class Place(Struct):
    """Where a bin stands. x_m, y_m: in a plane.  lat, lon: NaN where only the plane is known."""

    x_m: float
    y_m: float
    lat: float = nan
    lon: float = nan


class History(Struct):
    """What is known before a time. litres: of a full bin, where it is known."""

    past: list[Seen]
    since: list[Seen]
    places: dict[str, Place]
    litres: dict[str, float]
    notes: list[str]


def read(folder: Path, at: datetime) -> History:
    """Everything before `at`, and the readings of `at` itself. Raises Refused.

    Readings and places may be missing: then collections tell the level, and there is no order.
    """
    known = bins.read(folder / bins.FILE)
    notes = list(known.notes)
    emptied = [
        Seen(one.at, True, one.bin_id, one.fill) for one in known.collections if one.at < at
    ]
    litres = {one.bin_id: one.size for one in known.collections if one.size > 0}
    readings = _readings(folder / READINGS, at, notes)
    first = min((one.at for one in readings), default=at)
    past = [one for one in emptied if one.at < first]
    since = sorted([*readings, *(one for one in emptied if one.at >= first)])
    if not past and not since:
        raise Refused(
            f"nothing was collected or measured before {at.isoformat()}: there is no history to "
            "plan from; who keeps it adds what was, or asks for a later time",
            "at",
        )
    return History(past, since, _places(folder / PLACES, notes), litres, notes)


def _readings(path: Path, at: datetime, notes: list[str]) -> list[Seen]:
    if not path.exists():
        notes.append(f"{path.name} is not there: levels come from collections alone")
        return []
    found = table.read(path, ("bin_id", "at_local", "fill_pct"))
    notes += found.notes
    wrong = table.Wrong(path)
    readings: list[Seen] = []
    for line, row in found.lines:
        try:
            fill = table.number(row, "fill_pct", 0.0, RIM)
            readings.append(Seen(table.local(row["at_local"]), False, row["bin_id"], fill))
        except ValueError as error:
            wrong.add(line, str(error))
    wrong.end()
    return [one for one in readings if one.at <= at]


def _places(path: Path, notes: list[str]) -> dict[str, Place]:
    if not path.exists():
        notes.append(f"{path.name} is not there: the list has no order of the way")
        return {}
    found = table.read(path, ("bin_id",), ("x_m", "y_m", "lat", "lon"))
    notes += found.notes
    wrong = table.Wrong(path)
    places: dict[str, Place] = {}
    for line, row in found.lines:
        try:
            place = _degrees(row) if row.get("lat") else _plane(row)
        except KeyError as error:
            wrong.add(line, f"{error.args[0]} is missing: lat and lon, or x_m and y_m")
        except ValueError as error:
            wrong.add(line, str(error))
        else:
            if row["bin_id"] in places:
                wrong.add(line, f"{row['bin_id']} has two places")
            places[row["bin_id"]] = place
    wrong.end()
    return _flat(places)


def _plane(row: dict[str, str]) -> Place:
    return Place(table.number(row, "x_m", -1e6, 1e6), table.number(row, "y_m", -1e6, 1e6))


def _degrees(row: dict[str, str]) -> Place:
    lat = table.number(row, "lat", -85, 85)
    return Place(nan, nan, lat, table.number(row, "lon", -180, 180))


def _flat(places: dict[str, Place]) -> dict[str, Place]:
    """Metres from the first of them for those in degrees: a town is small."""
    known = [one for one in places.values() if not isnan(one.lat)]
    for one in known:
        _put(one, known[0])
    return places


def _put(one: Place, origin: Place) -> None:
    one.x_m = (one.lon - origin.lon) * cos(radians(origin.lat)) * M_PER_DEGREE
    one.y_m = (one.lat - origin.lat) * M_PER_DEGREE


def depot(first: float, second: float, places: dict[str, Place]) -> Place:
    """A place given as the file gives its own: lat and lon, or metres."""
    origin = next((one for one in places.values() if not isnan(one.lat)), None)
    if origin is None:
        return Place(first, second)
    made = Place(nan, nan, first, second)
    _put(made, origin)
    return made
