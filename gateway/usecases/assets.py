"""Assets: import, export, list, and which device stands for one."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from gateway import asset_geojson, asset_list, assets, csv_lines
from gateway.assets import Listed
from gateway.clock import Instant, rfc3339
from gateway.errors import Refused, Unknown
from gateway.records import KINDS, Asset
from gateway.store import Transaction
from gateway.usecases import Done, Eui, Parts, instant_ms, listed


class StayView(Struct):
    """A device that stood for an asset. until: null while it does."""

    dev_eui: str
    since: Instant
    until: Instant | None


class AssetView(Struct):
    """A thing on the street. dev_eui: of its device now, empty when it has none.

    capacity: litres of a bin, W of a lamp, places of a bay.
    """

    id: str
    kind: str
    lat: float
    lon: float
    street: str
    zone: str
    model: str
    capacity: float | None
    floor_class: str
    dev_eui: str
    stays: list[StayView]


class Assets(Struct):
    """All assets, by id."""

    assets: list[AssetView]


class AssetsQuery(Struct):
    """Which. kind, zone: empty is any."""

    kind: Annotated[str, listed(*KINDS, "")] = ""
    zone: Annotated[str, Meta(max_length=100)] = ""


class AssignRequest(Struct, forbid_unknown_fields=True):
    """The device that stands for an asset from `since` on, or null for none; empty is now."""

    dev_eui: Eui | None
    since: str = ""


class Imported(Struct):
    """What became of a list. notes: what was unusual, and where it lies."""

    added: int
    changed: int
    same: int
    notes: list[str]


def read(raw: bytes) -> tuple[list[Listed], list[str]]:
    """The assets of a file: GeoJSON when it begins with a brace, else CSV. Raises Refused."""
    begins = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return asset_geojson.read(raw) if begins == b"{" else asset_list.read(raw)


async def bring(parts: Parts, raw: bytes) -> Imported:
    """Add or replace the assets of a file, all or none; devices that it does not name stay."""
    found, notes = read(raw)
    now_ms = parts.clock()
    made = await parts.store.write(lambda tx: _bring(tx, found, now_ms))
    middle = found[len(found) // 2].asset
    notes.append(f"one of them lies at latitude {middle.lat:.4f}, longitude {middle.lon:.4f}")
    return Imported(*made, notes)


def _bring(tx: Transaction, found: list[Listed], now_ms: int) -> tuple[int, int, int]:
    present = {one.id: one for one in tx.records(Asset)}
    unknown = [
        f"line {one.line}: there is no device {one.dev_eui}; the operator registers it first"
        for one in found
        if one.dev_eui and tx.device(one.dev_eui) is None
    ]
    doubled = assets.two_on_one(found, present)
    csv_lines.end([*assets.far_off(found, present.values()), *doubled, *unknown])
    for one in found:  # a device that goes from one to another leaves the first before
        before = present.get(one.asset.id)
        if before and one.dev_eui and before.dev_eui not in {"", one.dev_eui}:
            assets.assign(tx, before.id, "", now_ms)
    counts = [0, 0, 0]
    for one in found:
        before = tx.record(Asset, one.asset.id)
        stays = before.stays if before else ()
        tx.put_record(one.asset.id, msgspec.structs.replace(one.asset, stays=stays))
        if one.dev_eui:
            assets.assign(tx, one.asset.id, one.dev_eui, now_ms)
        was = present.get(one.asset.id)
        counts[0 if was is None else 2 if was == tx.record(Asset, one.asset.id) else 1] += 1
    return counts[0], counts[1], counts[2]


async def export(parts: Parts, *, geojson: bool) -> str:
    """All assets as text that `bring` takes."""
    found = await parts.store.read(lambda view: view.records(Asset))
    return asset_geojson.write(found) if geojson else asset_list.write(found)


async def find_all(parts: Parts, *, query: AssetsQuery) -> Assets:
    """All assets, or those of a kind or zone."""
    if query.kind and query.kind not in KINDS:
        raise Refused(f"there is no kind {query.kind!r}: use {', '.join(KINDS)}", "kind")
    found = await parts.store.read(lambda view: view.records(Asset))
    return Assets(
        [
            shown(one)
            for one in found
            if query.kind in {"", one.kind} and query.zone in {"", one.zone}
        ]
    )


async def find(parts: Parts, asset_id: str) -> AssetView:
    """One asset."""
    found = await parts.store.read(lambda view: view.record(Asset, asset_id.upper()))
    if found is None:
        raise Unknown(f"there is no asset {asset_id}: `lamplighter asset list` shows them")
    return shown(found)


async def assign(parts: Parts, asset_id: str, *, body: AssignRequest) -> AssetView:
    """Let a device stand for an asset from an instant on; its readings before stay as they are."""
    at_ms = instant_ms(body.since, "since") if body.since else parts.clock()
    if at_ms > parts.clock():
        raise Refused("`since` is in the future: give an instant that was", "since")
    eui = (body.dev_eui or "").lower()
    made = await parts.store.write(lambda tx: assets.assign(tx, asset_id.upper(), eui, at_ms))
    return shown(made)


async def remove(parts: Parts, asset_id: str) -> Done:
    """Remove an asset; its device and events stay."""

    def change(tx: Transaction) -> None:
        known = tx.record(Asset, asset_id.upper())
        if known is None:
            raise Unknown(f"there is no asset {asset_id}: `lamplighter asset list` shows them")
        assets.assign(
            tx, known.id, "", max(parts.clock(), *(one.since_ms for one in known.stays), 0)
        )
        tx.remove_record(Asset, known.id)

    await parts.store.write(change)
    return Done()


def shown(asset: Asset) -> AssetView:
    """An asset as a caller sees it."""
    plain: dict[str, Any] = {
        name: getattr(asset, name) for name in asset.__struct_fields__ if name != "stays"
    }
    stays = [
        StayView(
            one.dev_eui, rfc3339(one.since_ms), rfc3339(one.until_ms) if one.until_ms else None
        )
        for one in asset.stays
    ]
    return AssetView(**plain, dev_eui=asset.dev_eui, stays=stays)
