"""Registration of a device: keys, store, network server, and the file for its board."""

import secrets
from typing import Any, Literal, cast

from msgspec import Struct
from wire import all_profiles

from gateway import devices, limits
from gateway.errors import Refused, Unknown
from gateway.model import REPORT_S, Device
from gateway.networks import Network
from gateway.store import Store

PROFILES = cast(
    "dict[str, dict[str, Any]]",
    all_profiles.PROFILES,  # pyright: ignore[reportUnknownMemberType] - a literal of the device's
)
"""{profile of a board of ours: what node and gateway must both know of it}."""
OURS = "lamplighter"
"""The decoder of our own boards, which alone have a profile and a device.json."""


class Wanted(Struct, frozen=True, kw_only=True):
    """The device to register. Keys that are None are generated.

    profile: of a board of ours, empty for another product.  decoder: file of `gateway/devices`.
    device_class: A or C, None: the profile's, A without one.
    settings: further keys of the board's /device.json, as `report_s`; None is left out.
    asset: what it will stand for.  in_service: False until a certificate says that it does.
    """

    name: str
    profile: str = ""
    decoder: str = OURS
    device_class: Literal["A", "C"] | None = None
    dev_eui: str | None = None
    join_eui: str | None = None
    app_key: str | None = None
    settings: dict[str, Any] = {}
    asset: str = ""
    in_service: bool = True


class Provisioned(Struct, frozen=True):
    """A device and its key, ready to be registered. app_key: later only the network server has it.

    device_json: what the technician copies to the board as /device.json; empty when the device is
    not a board of ours.
    """

    device: Device
    app_key: str
    device_json: dict[str, Any]


async def prepare(network: Network, wanted: Wanted, now_ms: int) -> Provisioned:
    """Make the keys of a device and its board's file; nothing is registered yet.

    Raises Refused for a wrong key, an unknown profile or decoder, a value that the board would
    refuse; ConfigError or Retry where the network server does not have the region of its devices,
    or does not answer.
    """
    device_class = _check_kind(wanted)
    device = Device(
        dev_eui=_hex(wanted.dev_eui, 8, "DevEUI") or new_eui(),
        name=wanted.name,
        profile=wanted.profile,
        join_eui=_hex(wanted.join_eui, 8, "JoinEUI") or "0" * 16,
        device_class=device_class,
        added_at_ms=now_ms,
        decoder=wanted.decoder,
        report_s=_report_s(wanted),
        in_service=wanted.in_service,
        asset=wanted.asset,
    )
    app_key = _hex(wanted.app_key, 16, "AppKey") or secrets.token_hex(16)
    device_json = _device_json(device, app_key, await network.region(), wanted.settings)
    if device_json:
        limits.check(device_json)
    return Provisioned(device, app_key, device_json)


async def add_device(store: Store, network: Network, ready: Provisioned) -> None:
    """Register a device here and at the network server.

    Raises Refused (DevEUI or name taken), or what the network server raises; then it is registered
    on neither side.
    """
    device = ready.device
    await store.write(lambda tx: tx.add_device(device))
    try:
        await network.register(device, ready.app_key, device.report_s)
    except BaseException:
        await store.write(lambda tx: tx.remove_device(device.dev_eui))
        raise


def _check_kind(wanted: Wanted) -> Literal["A", "C"]:
    """The LoRaWAN class. Raises Refused where profile, decoder and class do not fit together."""
    devices.decoder(wanted.decoder)
    if wanted.decoder != OURS:
        given = {"profile": wanted.profile, **wanted.settings}
        for name in (name for name, value in given.items() if value):
            said = f"`{name}` is for our own boards: leave it out with the decoder"
            raise Refused(f"{said} {wanted.decoder!r}", name)
        return wanted.device_class or "A"
    if wanted.profile not in PROFILES:
        said = f"there is no profile {wanted.profile!r}: use one of {', '.join(PROFILES)}"
        raise Refused(said, "profile")
    of_profile: Literal["A", "C"] = PROFILES[wanted.profile]["class"]
    if wanted.device_class not in {None, of_profile}:
        said = f"a board with the profile {wanted.profile!r} is of class {of_profile}"
        raise Refused(f"{said}: leave `device_class` out", "device_class")
    return of_profile


async def remove_device(store: Store, network: Network, dev_eui: str) -> None:
    """Remove a device at the network server, then here.

    Raises Unknown, or what the network server raises; then it stays.
    """
    if await store.read(lambda view: view.device(dev_eui)) is None:
        raise Unknown(f"there is no device {dev_eui}: `lamplighter device list` shows them")
    await network.unregister(dev_eui)
    await store.write(lambda tx: tx.remove_device(dev_eui))


def _report_s(wanted: Wanted) -> int:
    """How often the device will report, s."""
    of_kind = PROFILES[wanted.profile]["report_s"] if wanted.profile else REPORT_S
    return wanted.settings.get("report_s") or of_kind


def new_eui() -> str:
    """A random locally administered EUI-64, outside of every manufacturer's range.

    Source: IEEE 802-2014, 8.2: U/L bit set, I/G bit clear.
    """
    raw = bytearray(secrets.token_bytes(8))
    raw[0] = raw[0] & 0xFC | 0x02
    return raw.hex()


def _hex(text: str | None, size: int, what: str) -> str:
    """Lower-case hexadecimal, empty for None. Raises Refused."""
    if text is None:
        return ""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise Refused(f"{text!r} is no {what}: give {size * 2} hexadecimal digits", what)
    return raw.hex()


def _device_json(
    device: Device, app_key: str, region: str, settings: dict[str, Any]
) -> dict[str, Any]:
    if device.decoder != OURS:
        return {}
    more = {name: value for name, value in settings.items() if value is not None}
    return {
        "name": device.name,
        "dev_eui": device.dev_eui,
        "join_eui": device.join_eui,
        "app_key": app_key,
        "profile": device.profile,
        "region": region.lower(),  # the name of its file on the board
        **more,
    }
