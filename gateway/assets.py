"""Assets and the devices that stand for them: what may be, and what changes with a device."""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import asin, cos, radians, sin, sqrt
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import Refused, Unknown
from gateway.model import Device
from gateway.records import Asset, Stay
from gateway.store import Transaction

ID = re.compile(r"[0-9A-Z./-]{1,24}")
"""As a certificate names an asset: `firmware/wire/limits.py`."""
CLASS = re.compile(r"(M[1-6]|C[0-5]|P[1-6])?")
"""Lighting classes. Source: EN 13201-2."""
TEXT = 100
TOWN_KM = 50.0
"""A town is smaller: what lies further from the middle of the others is wrong."""
EARTH_KM = 6371.0


class Listed(Struct, frozen=True):
    """One asset of a list. line: where it stands.  dev_eui: of its device, empty: as before."""

    line: int
    asset: Asset
    dev_eui: str = ""


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Along a great circle of a sphere."""
    north, east = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    part = sin(north) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(east) ** 2
    return 2 * EARTH_KM * asin(min(sqrt(part), 1.0))


def position_wrong(lat: float, lon: float) -> str:
    """What is wrong with a position by itself, and who acts next; empty when nothing is."""
    act = "whoever made the list exports it as WGS 84 (EPSG:4326)"
    if max(abs(lat), abs(lon)) > 180:
        return f"the position {lat:g}, {lon:g} is in metres of a map's grid, not degrees; {act}"
    if abs(lat) > 90:
        return f"lat is {lat:g}: lat and lon are swapped; whoever made the list exchanges them"
    return ""


def far_off(listed: Sequence[Listed], present: Iterable[Asset]) -> list[str]:
    """A sentence for each asset far from the middle of all others, and whether it is swapped.

    With less than three others nobody can tell.
    """
    every = {one.id: one for one in (*present, *(one.asset for one in listed))}.values()
    if len(every) < 4:
        return []
    lat, lon = median(one.lat for one in every), median(one.lon for one in every)
    wrong: list[str] = []
    for one in listed:
        found = one.asset
        km = distance_km(lat, lon, found.lat, found.lon)
        if km <= TOWN_KM:
            continue
        if abs(found.lon) <= 90 and distance_km(lat, lon, found.lon, found.lat) <= TOWN_KM:
            said = "lat and lon are swapped; whoever made the list exchanges them"
        else:
            said = "whoever made the list corrects its position"
        wrong.append(f"line {one.line}: {found.id} lies {km:.0f} km from the others: {said}")
    return wrong


def two_on_one(listed: Sequence[Listed], present: Mapping[str, Asset]) -> list[str]:
    """A sentence for each device that would stand for two assets."""
    given = {one.asset.id for one in listed if one.dev_eui}
    holders = {
        one.dev_eui: f"{one.id}" for one in present.values() if one.dev_eui and one.id not in given
    }
    wrong: list[str] = []
    for one in listed:
        if not one.dev_eui:
            continue
        holder = holders.setdefault(one.dev_eui, one.asset.id)
        if holder != one.asset.id:
            wrong.append(
                f"line {one.line}: the device {one.dev_eui} stands for {holder} already, it "
                f"cannot stand for {one.asset.id} too; whoever made the list corrects one of them"
            )
    return wrong


def placed(asset: Asset, dev_eui: str, at_ms: int) -> Asset:
    """The asset with this device from an instant on; empty: with none. Raises Refused."""
    if asset.dev_eui == dev_eui:
        return asset
    stays = list(asset.stays)
    if stays and at_ms < (stays[-1].until_ms or stays[-1].since_ms):
        raise Refused(
            f"{asset.id} had another device after that instant: give a later one", "since"
        )
    if stays and stays[-1].until_ms is None:
        stays[-1] = replace(stays[-1], until_ms=at_ms)
    if dev_eui:
        stays.append(Stay(dev_eui, at_ms))
    return replace(asset, stays=tuple(stays))


def settle(tx: Transaction, asset_id: str, device: Device, at_ms: int) -> None:
    """Note that a device was put into service for an asset, where that is known.

    device: as it was before.  asset_id: empty where it stands for nothing from now on.
    """
    held = _held(tx, device)
    if held and held.id != asset_id:
        tx.put_record(held.id, placed(held, "", at_ms))
    asset = tx.record(Asset, asset_id)
    if asset:
        tx.put_record(asset_id, placed(asset, device.dev_eui, at_ms))


def assign(tx: Transaction, asset_id: str, dev_eui: str, at_ms: int) -> Asset:
    """Let a device stand for an asset from an instant on; empty: none. Raises Refused, Unknown."""
    asset = tx.record(Asset, asset_id)
    if asset is None:
        raise Unknown(f"there is no asset {asset_id}: `lamplighter asset list` shows them")
    device = _device(tx, dev_eui) if dev_eui else None
    other = _held(tx, device) if device else None
    if other and other.id != asset_id:
        raise Refused(
            f"the device {dev_eui} stands for {other.id}: take it off there first, by "
            f"`lamplighter asset assign {other.id} --none`",
            "dev_eui",
        )
    made = placed(asset, dev_eui, at_ms)
    if made == asset:
        return asset
    before = tx.device(asset.dev_eui) if asset.dev_eui else None
    if before:
        tx.put_device(replace(before, asset=""))
    if device:
        tx.put_device(replace(device, asset=asset_id))
    tx.put_record(asset_id, made)
    return made


def _held(tx: Transaction, device: Device) -> Asset | None:
    """The asset for which a device stands; that of its certificate need not be known."""
    found = tx.record(Asset, device.asset)
    return found if found and found.dev_eui == device.dev_eui else None


def _device(tx: Transaction, dev_eui: str) -> Device:
    found = tx.device(dev_eui)
    if found is None:
        raise Unknown(f"there is no device {dev_eui}; `lamplighter device list` shows them")
    return found
