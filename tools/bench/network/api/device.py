"""DeviceService: devices; their activation, keys and queue are in the files beside."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/device.proto

from typing import Any

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Backend, Context, rpc
from tools.bench.network.api.device_activation import DeviceActivation
from tools.bench.network.api.reading import (
    CallError,
    Code,
    eui,
    named,
    page,
    part,
    times,
    uuid,
)
from tools.bench.network.events import timestamp
from tools.bench.network.registry import Device, StorageError


class Devices(DeviceActivation):
    """Everything of the service but its metrics."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.registry = backend.core.registry

    def _normal(self, message: api.Device) -> None:
        message.dev_eui = eui(message.dev_eui)
        message.application_id = uuid(message.application_id)
        message.device_profile_id = uuid(message.device_profile_id)
        message.join_eui = eui(message.join_eui)

    @rpc
    def Create(self, request: api.CreateDeviceRequest, context: Context) -> Empty:
        message = part(request, "device")
        self._normal(message)
        application = self.registry.applications.get(message.application_id)
        tenant_id = application.message.tenant_id if application else None
        self.backend.caller(context).may(tenant_id, write=True)
        named(message)
        self._within_quota(tenant_id)
        self.registry.add_device(message, self.backend.now_us())
        return Empty()

    def _within_quota(self, tenant_id: str | None) -> None:
        limit = self.registry.tenants[tenant_id].message.max_device_count if tenant_id else 0
        mine = [
            d for d in self.registry.devices.values() if self.registry.tenant_of(d) == tenant_id
        ]
        if limit and len(mine) >= limit:
            raise CallError(
                Code.INVALID_ARGUMENT,
                "Not allowed (Max number of devices exceeded for tenant)",
            )

    @rpc
    def Get(self, request: api.GetDeviceRequest, context: Context) -> api.GetDeviceResponse:
        device = self._one(context, request.dev_eui)
        return api.GetDeviceResponse(
            device=device.message, class_enabled=device.enabled_class, **_seen(device)
        )

    @rpc
    def Update(self, request: api.UpdateDeviceRequest, context: Context) -> Empty:
        message = part(request, "device")
        self._normal(message)
        self.backend.may_device(context, message.dev_eui, write=True)
        device = self.registry.device(message.dev_eui)
        named(message)
        if message.device_profile_id not in self.registry.profiles:
            raise StorageError("FOREIGN KEY constraint failed")
        message.application_id = device.message.application_id
        device.message = message
        device.updated_us = self.backend.now_us()
        return Empty()

    @rpc
    def Delete(self, request: api.DeleteDeviceRequest, context: Context) -> Empty:
        device = self._one(context, request.dev_eui, write=True)
        del self.registry.devices[device.dev_eui]
        return Empty()

    @rpc
    def List(self, request: api.ListDevicesRequest, context: Context) -> api.ListDevicesResponse:
        application_id = uuid(request.application_id) if request.application_id else None
        application = self.registry.applications.get(application_id or "")
        self.backend.caller(context).may(application.message.tenant_id if application else None)
        found = [d for d in self.registry.devices.values() if _matches(d, request, application_id)]
        found.sort(key=lambda device: device.message.name)
        items = [self._item(device) for device in page(found, request)]
        return api.ListDevicesResponse(total_count=len(found), result=items)

    def _item(self, device: Device) -> api.DeviceListItem:
        message = device.message
        return api.DeviceListItem(
            dev_eui=message.dev_eui,
            name=message.name,
            description=message.description,
            device_profile_id=message.device_profile_id,
            device_profile_name=self.registry.profile_of(device).name,
            tags=dict(message.tags),
            **_seen(device),
        )


def _seen(device: Device) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if device.last_seen_us is not None:
        more["last_seen_at"] = timestamp(device.last_seen_us)
    if device.status is not None:
        more["device_status"] = device.status
    return times(device) | more


def _matches(device: Device, request: api.ListDevicesRequest, application_id: str | None) -> bool:
    message = device.message
    profile_id = request.device_profile_id
    return (
        application_id in {None, message.application_id}
        and profile_id in {"", message.device_profile_id}
        and request.search.lower() in f"{message.name} {message.dev_eui}".lower()
        and all(message.tags.get(k) == v for k, v in request.tags.items())
    )
