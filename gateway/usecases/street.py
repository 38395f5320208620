"""The street at one glance: each asset with its newest value, and counts for everybody."""

from collections import Counter
from typing import Annotated

from msgspec import Meta, Struct

from gateway.clock import Instant, parse_ms, rfc3339
from gateway.errors import Unknown
from gateway.model import REPORT_S, Device, Latest
from gateway.records import Asset
from gateway.store import View
from gateway.usecases import Parts

SHOWN = {
    "bin": "fillingLevel",
    "lamp": "dimmingLevel",
    "bay": "occupancy",
    "counter": "peopleCount",
}
"""The property that says most of an asset of this kind."""
LATE = 2.5
LATE_MS = 900_000
"""A value older than so many report periods and a quarter of an hour is stale."""
FEWEST = 5
"""Counts of fewer are shown to nobody: k of k-suppression."""


class StreetAsset(Struct):
    """An asset and its newest value. stale: it is so old that it says nothing of now."""

    id: str
    kind: str
    lat: float
    lon: float
    street: str
    zone: str
    dev_eui: str
    device: str
    property: str
    value: float | int | str | None
    unit: str
    quality: list[str]
    observed_at: Instant | None
    report_s: int
    stale: bool


class Street(Struct):
    """All assets. cursor: of the newest event, from which on a stream goes on.

    unplaced: devices that stand for no asset, by name.
    """

    at: Instant
    cursor: int
    assets: list[StreetAsset]
    unplaced: list[str]


class PublicBays(Struct):
    """Bays of one street. free: null where there are too few to show, or their sensors are."""

    street: str
    bays: int
    free: int | None
    suppressed: bool


class Public(Struct):
    """What everybody may see."""

    at: Instant
    fewest: Annotated[int, Meta(description="counts of fewer are suppressed")]
    bays: list[PublicBays]


async def find(parts: Parts) -> Street:
    """All assets with their newest value, in one answer."""
    now_ms = parts.clock()
    return await parts.store.read(lambda view: _street(view, now_ms))


def _street(view: View, now_ms: int) -> Street:
    devices = {one.dev_eui: one for one in view.devices()}
    assets = view.records(Asset)
    shown = [_shown(view, one, devices.get(one.dev_eui), now_ms) for one in assets]
    placed = {one.dev_eui for one in assets}
    rest = [one.name for eui, one in devices.items() if eui not in placed]
    return Street(rfc3339(now_ms), view.last_cursor(), shown, rest)


def _shown(view: View, asset: Asset, device: Device | None, now_ms: int) -> StreetAsset:
    name = SHOWN[asset.kind]
    values = view.latest(device.dev_eui) if device else []
    latest = next((one for one in values if one.property == name), None)
    report_s = (device.report_s if device else 0) or REPORT_S
    return StreetAsset(
        id=asset.id,
        kind=asset.kind,
        lat=asset.lat,
        lon=asset.lon,
        street=asset.street,
        zone=asset.zone,
        dev_eui=asset.dev_eui,
        device=device.name if device else "",
        property=name,
        value=latest.value if latest else None,
        unit=latest.unit if latest else "",
        quality=list(latest.quality) if latest else [],
        observed_at=latest.observed_at if latest else None,
        report_s=report_s,
        stale=_stale(latest, report_s, now_ms),
    )


def _stale(latest: Latest | None, report_s: int, now_ms: int) -> bool:
    if latest is None:
        return True
    return now_ms - parse_ms(latest.observed_at) > LATE * report_s * 1000 + LATE_MS


async def public(parts: Parts) -> Public:
    """Free bays by street for everybody, suppressed where they are few."""
    if not parts.public:
        raise Unknown("nothing is public here: the operator sets `public = true` in `[http]`")
    street = await find(parts)
    return Public(street.at, FEWEST, suppressed(street.assets))


def suppressed(assets: list[StreetAsset]) -> list[PublicBays]:
    """Bays by street, without counts that stand for few.

    Where one street alone is suppressed a total known from elsewhere would tell its count, so
    the next smallest is suppressed with it.
    """
    all_: Counter[str] = Counter()
    known: Counter[str] = Counter()
    free: Counter[str] = Counter()
    for one in assets:
        if one.kind != "bay":
            continue
        all_[one.street] += 1
        if not one.stale and isinstance(one.value, int | float):
            known[one.street] += 1
            free[one.street] += not one.value
    few = {name for name in all_ if known[name] < FEWEST}
    rest = sorted(all_.keys() - few, key=lambda name: (known[name], name))
    if len(few) == 1:
        few |= set(rest[:1])
    return [
        PublicBays(name, count, None if name in few else free[name], name in few)
        for name, count in sorted(all_.items())
    ]
