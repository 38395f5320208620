"""Assets as GeoJSON, with the tags of OpenStreetMap understood; and written.

Source: RFC 7946 (a position is longitude, latitude, WGS 84); GeoJSON 2008 for `crs`;
wiki.openstreetmap.org: `amenity=waste_basket`, `highway=street_lamp`, `amenity=parking`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgspec

from gateway import asset_list, csv_lines
from gateway.assets import Listed
from gateway.csv_lines import MAKER
from gateway.errors import Refused
from gateway.records import Asset

TAGS = {
    ("amenity", "waste_basket"): "bin",
    ("amenity", "waste_disposal"): "bin",
    ("amenity", "recycling"): "bin",
    ("highway", "street_lamp"): "lamp",
    ("amenity", "parking"): "bay",
    ("amenity", "parking_space"): "bay",
}
DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG/0/4326")
Json = dict[str, Any]


class _Collection(msgspec.Struct, tag_field="type", tag="FeatureCollection"):
    features: list[Json]
    crs: Any = None


_collection = msgspec.json.Decoder(_Collection).decode


def read(raw: bytes) -> tuple[list[Listed], list[str]]:
    """The assets of a FeatureCollection, and what was unusual. Raises Refused.

    A feature has the number of its place, as `line`. One that is none of our kinds is left out.
    """
    text, notes = csv_lines.decoded(raw)
    features = _features(text)
    wrong: list[str] = []
    listed: list[Listed] = []
    others = 0
    for number, feature in enumerate(features, 1):
        row = _row(feature)
        if not row["kind"]:
            others += 1
            continue
        try:
            row["lon"], row["lat"] = map(str, _position(number, feature.get("geometry")))
            listed.append(asset_list.made(number, row))
        except Refused as error:
            wrong.append(str(error))
    csv_lines.end([*wrong, *asset_list.twice(listed)])
    if not listed:
        raise Refused(f"no feature is a bin, lamp, bay or counter; {MAKER} gives `kind`", "file")
    if others:
        notes.append(f"{others} features are none of bin, lamp, bay, counter; left out")
    return listed, notes


def _features(text: str) -> list[Json]:
    try:
        found = _collection(text)
    except (msgspec.DecodeError, RecursionError):
        said = f"this is no FeatureCollection of GeoJSON; {MAKER} exports one"
        raise Refused(said, "file") from None
    crs = str(msgspec.json.encode(found.crs or "CRS84"))
    if not any(name in crs for name in DEGREES):
        said = f"its coordinate system is {crs[2:150]}"
        raise Refused(f"{said}; {MAKER} exports it as WGS 84 (EPSG:4326)", "file")
    return found.features


def _row(feature: Json) -> dict[str, str]:
    """The texts of one asset by column; kind is empty for what is none of ours."""
    given = feature.get("properties")
    tags = {
        str(name): str(one)
        for name, one in (cast("Json", given) if isinstance(given, dict) else {}).items()
        if isinstance(one, str | int | float)
    }
    kinds = (kind for (name, value), kind in TAGS.items() if tags.get(name) == value)
    known = tags.get("id") or tags.get("@id") or str(feature.get("id") or "")
    row = {name: tags.get(name, "") for name in asset_list.COLUMNS}
    return row | {
        "id": known.replace("/", "-"),
        "kind": tags.get("kind") or next(kinds, ""),
        "street": tags.get("street") or tags.get("addr:street", ""),
    }


def _position(number: int, geometry: Any) -> tuple[float, float]:
    """Longitude and latitude of a point, or of the middle of another shape. Raises Refused."""
    points = list(_points(cast("Json", geometry).get("coordinates"))) if geometry else []
    if not points:
        said = f"line {number}: the feature has no position; {MAKER} gives it a Point"
        raise Refused(said, "file")
    lons, lats = zip(*points, strict=True)
    lon, lat = (round((min(one) + max(one)) / 2, 7) for one in (lons, lats))
    return lon, lat


def _points(coordinates: Any, depth: int = 0) -> Iterator[tuple[float, float]]:
    if not isinstance(coordinates, list) or depth > 3:
        return
    values = cast("list[Any]", coordinates)
    if len(values) >= 2 and all(isinstance(one, int | float) for one in values):
        yield float(values[0]), float(values[1])
        return
    for one in values:
        yield from _points(one, depth + 1)


def feature(asset: Asset) -> Json:
    """One asset as a Feature; names are text, who shows them escapes them."""
    known = msgspec.to_builtins(asset)
    properties = {name: one for name, one in known.items() if name in asset_list.COLUMNS[4:9]}
    return {
        "type": "Feature",
        "id": asset.id,
        "geometry": {"type": "Point", "coordinates": [asset.lon, asset.lat]},
        "properties": {"id": asset.id, "kind": asset.kind}
        | {name: one for name, one in properties.items() if one not in {"", None}}
        | ({"dev_eui": asset.dev_eui} if asset.dev_eui else {}),
    }


def write(assets: Iterable[Asset]) -> str:
    """A FeatureCollection that `read` takes."""
    made = {"type": "FeatureCollection", "features": [feature(one) for one in assets]}
    return msgspec.json.encode(made).decode()
