"""DeviceProfileService, without the catalogue of vendors."""

# ruff: noqa: D102, N802 - named and documented by ChirpStack's own api/device_profile.proto

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Backend, Context, rpc
from tools.bench.network.api.reading import CallError, Code, found, named, page, part, times, uuid
from tools.bench.network.region import Region
from tools.bench.network.registry import StorageError, Stored


class DeviceProfiles(api.DeviceProfileServiceServicer):
    """Create, Get, Update, Delete, List, ListAdrAlgorithms."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.registry = backend.core.registry

    def _tenant_of(self, profile_id: str) -> str | None:
        stored = self.registry.profiles.get(profile_id)
        return stored.message.tenant_id if stored else None

    @rpc
    def Create(
        self, request: api.CreateDeviceProfileRequest, context: Context
    ) -> api.CreateDeviceProfileResponse:
        message = part(request, "device_profile")
        message.tenant_id = uuid(message.tenant_id)
        self.backend.caller(context).may(message.tenant_id, write=True)
        _known(message, self.backend.core.region)
        if message.tenant_id not in self.registry.tenants:
            raise StorageError("FOREIGN KEY constraint failed")
        message.id = self.backend.core.uuid()
        now = self.backend.now_us()
        self.registry.profiles[message.id] = Stored(message, now, now)
        return api.CreateDeviceProfileResponse(id=message.id)

    @rpc
    def Get(
        self, request: api.GetDeviceProfileRequest, context: Context
    ) -> api.GetDeviceProfileResponse:
        profile_id = uuid(request.id)
        self.backend.caller(context).may(self._tenant_of(profile_id))
        stored = self.registry.one(self.registry.profiles, profile_id)
        return api.GetDeviceProfileResponse(device_profile=stored.message, **times(stored))

    @rpc
    def Update(self, request: api.UpdateDeviceProfileRequest, context: Context) -> Empty:
        message = part(request, "device_profile")
        message.id = uuid(message.id)
        self.backend.caller(context).may(self._tenant_of(message.id), write=True)
        stored = self.registry.one(self.registry.profiles, message.id)
        _known(message, self.backend.core.region)
        message.tenant_id = stored.message.tenant_id
        stored.message = message
        stored.updated_us = self.backend.now_us()
        return Empty()

    @rpc
    def Delete(self, request: api.DeleteDeviceProfileRequest, context: Context) -> Empty:
        profile_id = uuid(request.id)
        self.backend.caller(context).may(self._tenant_of(profile_id), write=True)
        self.registry.remove_profile(profile_id)
        return Empty()

    @rpc
    def List(
        self, request: api.ListDeviceProfilesRequest, context: Context
    ) -> api.ListDeviceProfilesResponse:
        tenant_id = uuid(request.tenant_id)
        self.backend.caller(context).may(tenant_id)
        rows = found(self.registry.profiles.values(), request.search, tenant_id)
        return api.ListDeviceProfilesResponse(
            total_count=len(rows), result=[_item(stored) for stored in page(rows, request)]
        )


def _known(message: api.DeviceProfile, region: Region) -> None:
    """Refuse what the bench server would silently do otherwise than ChirpStack."""
    named(message)
    if not region.supports(message.region, message.mac_version):
        raise CallError(
            Code.UNIMPLEMENTED,
            f"the bench server speaks LoRaWAN 1.0.x in {region.name}: change this, or "
            "start it with another --region",
        )


def _item(stored: Stored[api.DeviceProfile]) -> api.DeviceProfileListItem:
    profile = stored.message
    return api.DeviceProfileListItem(
        id=profile.id,
        name=profile.name,
        region=profile.region,
        mac_version=profile.mac_version,
        reg_params_revision=profile.reg_params_revision,
        supports_otaa=profile.supports_otaa,
        supports_class_b=profile.supports_class_b,
        supports_class_c=profile.supports_class_c,
        **times(stored),
    )
