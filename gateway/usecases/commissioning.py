"""Putting a device into service: by the certificate that its node printed."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway import assets, certificate
from gateway.certificate import Certificate
from gateway.clock import Instant, rfc3339
from gateway.errors import Refused, Unknown
from gateway.model import Commissioning, Device, Latest
from gateway.store import Transaction
from gateway.usecases import Parts

APART = 15
"""Points of fill by which a reading may differ from a straight bin's: a tapered 240 litre one is
8.5 apart at half its height, a lying cylinder 6."""
_AGAIN = (
    "the technician types `measure`, waits until it is sent, and gives the certificate of a new "
    "`save`"
)


class CommissionRequest(Struct, forbid_unknown_fields=True):
    """The line of a node's `save`, or the text of its QR code."""

    certificate: Annotated[str, Meta(min_length=1, max_length=300)]


class Commissioned(Struct):
    """A device in service. h0_mm: the distance to its empty bottom, as its node has it."""

    dev_eui: str
    name: str
    asset: str
    in_service_since: Instant
    h0_mm: int | None
    height_mm: int | None
    margin_db: int | None


async def commission(parts: Parts, *, body: CommissionRequest) -> Commissioned:
    """Put the device of a certificate into service; its readings count from now on."""
    said = certificate.parse(body.certificate)
    now_ms = parts.clock()
    return await parts.store.write(lambda tx: _commission(tx, said, now_ms))


def _commission(tx: Transaction, said: Certificate, now_ms: int) -> Commissioned:
    device = tx.device(said.dev_eui)
    if device is None:
        raise Unknown(
            f"there is no device {said.dev_eui}: `lamplighter device import` or `device add` "
            "registers it"
        )
    _check(device, said, tx.devices())
    _check_readings(said, {one.property: one for one in tx.latest(said.dev_eui)})
    done = Commissioning(
        at_ms=now_ms,
        asset=said.asset,
        certificate=said.text,
        h0_mm=said.h0_mm,
        height_mm=said.height_mm,
        margin_db=said.margin_db,
        config_version=said.config_version,
    )
    tx.put_device(replace(device, in_service=True, asset=said.asset, commissioning=done))
    assets.settle(tx, said.asset, device, now_ms)
    return Commissioned(
        dev_eui=device.dev_eui,
        name=device.name,
        asset=said.asset,
        in_service_since=rfc3339(now_ms),
        h0_mm=said.h0_mm,
        height_mm=said.height_mm,
        margin_db=said.margin_db,
    )


def _check(device: Device, said: Certificate, others: list[Device]) -> None:
    """Raise Refused where certificate, registration and other devices do not fit together."""
    if said.result != "PASS":
        raise Refused(
            "this certificate says FAIL: the technician corrects what `save` calls wrong, then "
            "types `save` again",
            "certificate",
        )
    if said.profile != device.profile:
        raise Refused(
            f"the node is a {said.profile or 'nothing'}, {device.name} is registered as a "
            f"{device.profile or device.decoder}: the technician types `profile "
            f"{device.profile}`, or the operator registers it anew",
            "certificate",
        )
    for other in others:
        if other.asset == said.asset and other.dev_eui != device.dev_eui and other.in_service:
            raise Refused(
                f"{said.asset} has {other.name} already: the technician corrects the number with "
                f"`asset`, or the operator removes {other.name}",
                "certificate",
            )


def _check_readings(said: Certificate, latest: dict[str, Latest]) -> None:
    """Raise Refused where the newest reading was not made with the certificate's geometry."""
    if said.h0_mm is None or not said.height_mm:
        return
    if not latest:
        raise Refused(
            "the node has not reported yet, so that its settings cannot be compared: it does so "
            "after `save`; give the certificate again in a minute",
            "certificate",
        )
    fill, distance = latest.get("fillingLevel"), latest.get("distance")
    if fill is None or distance is None:
        return
    if "uncalibrated" in fill.quality:
        raise Refused(
            f"the node's newest reading was made before `calib`: {_AGAIN}", "certificate"
        )
    if not isinstance(fill.value, float | int) or not isinstance(distance.value, float | int):
        return
    shown = min(100.0, max(0.0, (said.h0_mm - distance.value) * 100 / said.height_mm))
    if abs(shown - fill.value * 100) > APART:
        raise Refused(
            f"by the certificate {distance.value:g} mm are {shown:.0f} % full, the node's newest "
            f"reading says {fill.value * 100:.0f} %, of another geometry: {_AGAIN}",
            "certificate",
        )
