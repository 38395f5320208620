"""Lamps' health and energy, from their own readings."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.blast_radius import tag_value
from gateway.clock import Instant, parse_ms, rfc3339
from gateway.events import Entry
from gateway.lighting import health
from gateway.lighting.health import Rating, Reading
from gateway.model import Device
from gateway.store import View
from gateway.usecases import Parts

MOST = 3000
"""Readings of one lamp that are looked at."""
_FIELDS = {
    "dimmingLevel": "level", "activePower": "power_w", "illuminance": "lux", "energy": "energy_wh",
}  # fmt: skip


class _Value(Struct):
    property: str
    value: float | int | str | None


class _Data(Struct):
    observed_at: str
    values: list[_Value]


class _Event(Struct):
    data: _Data


_decode = msgspec.json.Decoder(_Event).decode


class HealthQuery(Struct):
    """How far back, h."""

    hours: Annotated[int, Meta(ge=1, le=744)] = 24


class FaultView(Struct):
    """What is wrong. since: of the first reading that shows it."""

    code: str
    since: Instant
    said: str


class HealthView(Struct):
    """One lamp. readings: in the span.  judged: why not, empty where it was.

    rated_w: by its tag `watts=70`.  kwh: from its first reading to its last; energy says whether
    it is `measured` by its meter, `modelled` from its levels, or `unknown`.
    """

    dev_eui: str
    name: str
    street: str
    readings: int
    rated_w: float | None
    judged: str
    kwh: float | None
    energy: str
    faults: list[FaultView]


class LampsHealth(Struct):
    """Every lamp, those with faults first. measured_kwh, modelled_kwh: sums, never mixed."""

    lamps: list[HealthView]
    measured_kwh: float
    modelled_kwh: float


async def health_of_all(parts: Parts, *, query: HealthQuery) -> LampsHealth:
    """What lamps' readings say of their health, and of their energy."""
    since_ms = parts.clock() - query.hours * 3_600_000

    def question(view: View) -> list[HealthView]:
        lamps = [one for one in view.devices() if one.profile == "lamp"]
        return [_judged(view, one, since_ms) for one in lamps]

    found = await parts.store.read(question)
    found.sort(key=lambda one: (not one.faults, one.name))
    sums = {
        how: round(sum(one.kwh or 0 for one in found if one.energy == how), 4)
        for how in ("measured", "modelled")
    }
    return LampsHealth(found, sums["measured"], sums["modelled"])


def _judged(view: View, device: Device, since_ms: int) -> HealthView:
    entries = view.newest_events(MOST, "reading", device.dev_eui)
    readings = sorted(map(_reading, entries), key=lambda one: one.at_ms)
    readings = [one for one in readings if one.at_ms >= since_ms]
    rating = _rating(device)
    kwh, energy = health.energy_kwh(readings, rating)
    found = health.faults(readings, rating) if rating else []
    return HealthView(
        dev_eui=device.dev_eui,
        name=device.name,
        street=tag_value(device, "street"),
        readings=len(readings),
        rated_w=rating.rated_w if rating else None,
        judged=_why_not(readings, rating),
        kwh=kwh,
        energy=energy,
        faults=[FaultView(one.code, rfc3339(one.since_ms), one.said) for one in found],
    )


def _reading(entry: Entry) -> Reading:
    data = _decode(entry.body).data
    told = {
        _FIELDS[one.property]: one.value
        for one in data.values
        if one.property in _FIELDS and isinstance(one.value, int | float)
    }
    return msgspec.convert({"at_ms": parse_ms(data.observed_at), **told}, Reading, strict=False)


def _rating(device: Device) -> Rating | None:
    try:
        rated_w = float(tag_value(device, "watts"))
    except ValueError:
        return None
    return Rating(rated_w) if 1 < rated_w < 10_000 else None


def _why_not(readings: list[Reading], rating: Rating | None) -> str:
    if rating is None:
        return "its rated power is not known: give it a tag as watts=70"
    if not any(one.power_w is not None for one in readings):
        return "it told no power in this time: it has no meter, or was silent"
    return ""
