"""Calls to The Things Stack 3: its devices, and their downlink queues.

A device is in four registries, of which the Identity Server's comes first and goes last.
Source: The Things Stack's documentation, API, and its *_services.proto, applicationserver.proto.
"""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import ClientTimeout
from msgspec import Struct

from gateway.clock import rfc3339
from gateway.errors import ConfigError, Refused, Retry, Unknown, Unsure
from gateway.model import Device
from gateway.networks import _address
from gateway.networks._fields import ABSENT, Fields
from gateway.networks._tls import Tls
from gateway.networks._tts_events import DEVICE_ID, OURS, item
from gateway.notices import Downlink

PAGE = 1000
"""Devices of one answer, the most there are."""
STORED_S = 60.0
"""How long the stored messages of one page may take, s."""
KEY_S = 30.0
"""How soon a call is tried again whose key was refused."""
_REGISTRIES = ("as", "ns", "js")
JSON = "application/json"
EVENTS = "text/event-stream"
"""What stored messages are asked for in; they come as a line of JSON each."""


class Server(Struct, frozen=True, kw_only=True):
    """Where it is. frequency_plan: of new devices, an id of its.

    webhook: whose downlink URL is used; empty where downlinks go another way.
    tls: the authorities that sign its certificate.
    """

    url: str
    api_key: str
    application: str
    webhook: str = ""
    frequency_plan: str
    timeout_s: float
    tls: Tls = Tls()

    def __repr__(self) -> str:
        """Without the key."""
        return f"Server(url={self.url!r})"


class Api:
    """The calls of one application."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ids: dict[str, str] = {}

    async def device_ids(self) -> dict[str, str]:
        """{DevEUI: device id} of all devices. Raises ConfigError, Refused, Retry."""
        found: dict[str, str] = {}
        page = 1
        while True:
            path = f"{self._devices()}?limit={PAGE}&page={page}"
            try:
                got = Fields(await self.call("GET", path)).parts("end_devices")
            except Unknown as error:
                said = f"{error}; `network.application` must be an application there"
                raise ConfigError(said) from None
            for ids in (one.part("ids") for one in got):
                found[ids.text("dev_eui").lower()] = ids.text("device_id")
            if len(got) < PAGE:
                self._ids = found
                return found
            page += 1

    async def device_id(self, dev_eui: str) -> str:
        """The device's id. Raises Unknown where there is no such device, or as `device_ids`."""
        if dev_eui not in self._ids:
            await self.device_ids()
        if dev_eui not in self._ids:
            raise Unknown(
                f"The Things Stack has no device {dev_eui} in {self._server.application!r}"
            )
        return self._ids[dev_eui]

    async def enqueue(self, downlink: Downlink) -> str:
        """Push a downlink, or replace the queue by it; returns its queue_item_id."""
        name, body = pushed(downlink)
        queue = queue_of(downlink)
        try:
            device_id = await self.device_id(downlink.dev_eui)
            hook = f"as/applications/{self._server.application}/webhooks/{self._server.webhook}"
            path = f"{hook}/devices/{device_id}/down/{queue}"
            await self.call("POST", path, body)
        except Unknown:
            self._ids.pop(downlink.dev_eui, None)
            raise
        except ConfigError as error:
            raise Retry(str(error), KEY_S) from None
        return name

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """{frame: queue_item_id}; empty where there is no such device."""
        try:
            path = self._devices("as", await self.device_id(dev_eui))
            got = Fields(await self.call("GET", f"{path}/down")).parts("downlinks")
        except Unknown:
            return {}
        except (ConfigError, Refused) as error:
            raise Retry(str(error), KEY_S) from None
        return {b64decode(one.text("frm_payload")): item(one) for one in got}

    async def flush(self, dev_eui: str) -> None:
        """Replace a device's queue by an empty one. Raises Unknown, Retry."""
        try:
            path = self._devices("as", await self.device_id(dev_eui))
            await self.call("POST", f"{path}/down/replace", {"downlinks": []})
        except Unknown:
            self._ids.pop(dev_eui, None)
            raise
        except (ConfigError, Refused) as error:
            raise Retry(str(error), KEY_S) from None

    async def stored(self, after_ms: int, most: int) -> list[bytes]:
        """Uplink messages that the Storage Integration has, the oldest first.

        after_ms: those received after it, ms since 1970.  most: so many at most.
        Raises as `call`. Source: The Things Stack's documentation, Storage Integration.
        """
        path = f"as/applications/{self._server.application}/packages/storage/uplink_message"
        query = f"after={rfc3339(after_ms)}&limit={most}&order=received_at"
        status, got, after = await self._ask("GET", f"{path}?{query}", None, EVENTS, STORED_S)
        if status >= 300:
            _answered(status, got, after)
        return [_stored(line) for line in got.splitlines() if line.strip()]

    async def register(self, device: Device, app_key: str) -> None:
        """Make the device in all registries, or change it there."""
        known = (await self.device_ids()).get(device.dev_eui)
        name = known or f"{DEVICE_ID}{device.dev_eui}"
        eui = {"dev_eui": device.dev_eui.upper(), "join_eui": device.join_eui.upper()}
        ids = {"device_id": name, **eui}
        host = urlsplit(self._server.url).hostname
        at = {f"{one}_server_address": host for one in ("network", "application")}
        whole = {"name": device.name, **at, "join_server_address": host}
        radio = {
            "frequency_plan_id": self._server.frequency_plan,
            "lorawan_version": "MAC_V1_0_3",
            "lorawan_phy_version": "PHY_V1_0_3_REV_A",
            "supports_join": True,
            "supports_class_c": device.device_class == "C",
        }
        first = {"name": device.name} if known else whole
        method, path = ("PUT", self._devices("", name)) if known else ("POST", self._devices())
        await self.call(method, path, _device(ids, first, [*first]))
        key = {"root_keys": {"app_key": {"key": app_key.upper()}}}
        paths = [*at, "root_keys.app_key.key"]
        await self.call("PUT", self._devices("js", name), _device(ids, {**at, **key}, paths))
        await self.call("PUT", self._devices("ns", name), _device(ids, radio, [*radio]))
        await self.call("PUT", self._devices("as", name), _device(ids, {}, []))
        self._ids[device.dev_eui] = name

    async def unregister(self, dev_eui: str) -> None:
        """Remove the device from all registries."""
        name = (await self.device_ids()).get(dev_eui)
        for one in [*_REGISTRIES, ""] if name else []:
            try:
                await self.call("DELETE", self._devices(one, name or ""))
            except Unknown:
                continue  # it was in some of them
        self._ids.pop(dev_eui, None)

    def _devices(self, registry: str = "", device_id: str = "") -> str:
        path = f"applications/{self._server.application}/devices"
        return f"{registry}/" * bool(registry) + path + f"/{device_id}" * bool(device_id)

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call. Raises Unknown, Refused, ConfigError (the key), Retry; Unsure once sent."""
        return _answered(*await self._ask(method, path, body, JSON, self._server.timeout_s))

    async def _ask(
        self, method: str, path: str, body: Any, accept: str, timeout_s: float
    ) -> tuple[int, bytes, str]:
        """(status, body, Retry-After) of an answer. Raises ConfigError, Retry, Unsure."""
        base = _address.split(self._server.url, "network.url", ("http", "https"))
        url = f"{base.scheme}://{base.netloc}/api/v3/{path}"
        headers = {
            "Authorization": f"Bearer {self._server.api_key}",
            "User-Agent": "lamplighter",
            "Accept": accept,
        }
        tls = self._server.tls.context() if self._server.tls.ca_file else True
        timeout = ClientTimeout(total=timeout_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(method, url, json=body, headers=headers, ssl=tls) as answer,
            ):
                got = await answer.read()
                return answer.status, got, answer.headers.get("Retry-After", "")
        except aiohttp.ClientConnectorError as error:
            raise Retry(
                f"The Things Stack at {self._server.url} does not answer: {error}"
            ) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            said = str(error) or f"nothing within {timeout_s:g} s"
            raise Unsure(
                f"The Things Stack at {self._server.url} gave no answer: {said}"
            ) from None


def pushed(downlink: Downlink) -> tuple[str, dict[str, Any]]:
    """(its queue_item_id, the message that pushes a downlink)."""
    name = f"{OURS}{secrets.token_hex(12)}"
    own = {
        "f_port": downlink.fport,
        "frm_payload": b64encode(downlink.data).decode(),
        "confirmed": downlink.confirmed,
        "correlation_ids": [name],
    }
    return name, {"downlinks": [own]}


def queue_of(downlink: Downlink) -> str:
    """What a downlink does to the queue, in The Things Stack's word."""
    return "replace" if downlink.flush else "push"


def _device(ids: Mapping[str, str], own: Mapping[str, Any], paths: list[str]) -> dict[str, Any]:
    named = ["ids.device_id", "ids.dev_eui", "ids.join_eui", *paths]
    return {"end_device": {"ids": ids, **own}, "field_mask": {"paths": named}}


def _stored(line: bytes) -> bytes:
    """The message in a line of stored ones. Raises Retry for an error in its place."""
    try:
        fields = Fields(json.loads(line))
    except (ValueError, RecursionError):
        raise Retry("The Things Stack's stored messages are not JSON", KEY_S) from None
    if fields.get("result") is ABSENT:
        said = fields.part("error").text("message") or "no more"
        raise Retry(f"The Things Stack ends its stored messages: {said}", KEY_S)
    return json.dumps(fields.get("result")).encode()


def _answered(status: int, body: bytes, after: str) -> Any:
    """The JSON of an answer. Raises what its status means."""
    try:
        value: Any = json.loads(body or b"{}")
    except ValueError:
        value = None
    if status < 300:
        return value
    said = f"The Things Stack says {status}: {Fields(value).text('message') or 'no more'}"
    if status in {401, 403}:
        raise ConfigError(
            f"{said}; `network.api_key` must be a key of the application that may read and write "
            "its devices and its traffic"
        )
    if status == 404:
        raise Unknown(said)
    if status == 406:
        raise Retry(f"{said}; the webhook is paused: the operator resumes it", KEY_S)
    if status == 429:
        raise Retry(said, float(after) if after.isdigit() else KEY_S)
    raise Refused(said) if status < 500 else Unsure(said)
