"""Makes a new device known: keys, store, network server, and the file for its board."""

import secrets
from typing import Any

from msgspec import Struct
from wire.schema import FIRST_REPORT, PAYLOADS

from gateway.errors import Refused, Unknown
from gateway.model import Device
from gateway.networks import Network
from gateway.store import Store

PROFILES = tuple(name for name, (fport, _) in PAYLOADS.items() if fport < FIRST_REPORT)
"""What a device can be: each profile has the readings of its name."""
LISTENING = frozenset({"lamp"})
"""Profiles of LoRaWAN class C: a lamp has mains and always listens; all others are class A."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked for. Keys that are None are made.

    settings: further settings for the board's /device.json, as `report_s`.
    """

    name: str
    profile: str
    dev_eui: str | None = None
    join_eui: str | None = None
    app_key: str | None = None
    settings: dict[str, Any] = {}


class Provisioned(Struct, frozen=True):
    """A device that can join. app_key: nowhere else but at the network server.

    device_json: what the technician copies to the board as /device.json.
    """

    device: Device
    app_key: str
    device_json: dict[str, Any]


async def add_device(store: Store, network: Network, wanted: Wanted, now_ms: int) -> Provisioned:
    """Register a device here and at the network server, and give what its board needs.

    Raises Refused (unknown profile, DevEUI or name taken), or what the network server raises; then
    it is not registered here either.
    """
    device = Device(
        dev_eui=_hex(wanted.dev_eui, 8, "DevEUI") or new_eui(),
        name=wanted.name,
        profile=wanted.profile,
        join_eui=_hex(wanted.join_eui, 8, "JoinEUI") or "0" * 16,
        device_class="C" if wanted.profile in LISTENING else "A",
        added_at_ms=now_ms,
    )
    if device.profile not in PROFILES:
        known = ", ".join(PROFILES)
        raise Refused(f"there is no profile {device.profile!r}: use one of {known}", "profile")
    app_key = _hex(wanted.app_key, 16, "AppKey") or secrets.token_hex(16)
    await store.write(lambda tx: tx.add_device(device))
    try:
        await network.register(device, app_key)
    except BaseException:
        await store.write(lambda tx: tx.remove_device(device.dev_eui))
        raise
    return Provisioned(device, app_key, _device_json(device, app_key, wanted.settings))


async def remove_device(store: Store, network: Network, dev_eui: str) -> None:
    """Remove a device at the network server, then here.

    Raises Unknown, or what the network server raises; then it stays.
    """
    if await store.read(lambda view: view.device(dev_eui)) is None:
        raise Unknown(f"there is no device {dev_eui}: `lamplighter device list` shows them")
    await network.unregister(dev_eui)
    await store.write(lambda tx: tx.remove_device(dev_eui))


def new_eui() -> str:
    """A random EUI-64 in the locally administered space, which no maker's range touches.

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


def _device_json(device: Device, app_key: str, settings: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in settings.items() if value is not None}
    return {
        "name": device.name,
        "dev_eui": device.dev_eui,
        "join_eui": device.join_eui,
        "app_key": app_key,
        "profile": device.profile,
        "region": "eu868",
        **told,
    }
