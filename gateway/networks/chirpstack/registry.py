"""Registration at ChirpStack: application, device profile, device and keys."""

from typing import Any

from gateway.errors import ConfigError, Unknown
from gateway.model import Device
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.settings import Settings
from gateway.networks.chirpstack.stubs import api, common

CLASS_C_ANSWER_S = 30
"""Seconds ChirpStack waits for the acknowledgement of a class C downlink; 0 fails every one."""
PAGE = 1000


class Registry:
    """Finds each object by its name and creates what is missing; a second call changes nothing."""

    def __init__(self, calls: Calls, settings: Settings) -> None:
        self._calls = calls
        self._settings = settings

    async def register(self, device: Device, app_key: str) -> None:
        """Create or update the device and its key. Raises ConfigError, Refused, Retry."""
        stub = api.DeviceServiceStub(self._calls.channel())
        wanted = api.Device(
            dev_eui=device.dev_eui,
            name=device.name,
            application_id=await self.application(),
            device_profile_id=await self._profile(device.device_class),
            join_eui=device.join_eui,
        )
        if await self._known(stub.Get, api.GetDeviceRequest(dev_eui=device.dev_eui)):
            await self._calls.call(stub.Update, api.UpdateDeviceRequest(device=wanted))
        else:
            await self._calls.call(stub.Create, api.CreateDeviceRequest(device=wanted))
        # a LoRaWAN 1.0 AppKey goes into nwk_key
        keys = api.DeviceKeys(dev_eui=device.dev_eui, nwk_key=app_key)
        if await self._known(stub.GetKeys, api.GetDeviceKeysRequest(dev_eui=device.dev_eui)):
            await self._calls.call(stub.UpdateKeys, api.UpdateDeviceKeysRequest(device_keys=keys))
        else:
            await self._calls.call(stub.CreateKeys, api.CreateDeviceKeysRequest(device_keys=keys))

    async def unregister(self, dev_eui: str) -> None:
        """Delete the device. Raises ConfigError, Refused, Retry."""
        # raises for a refused key, which Delete would answer as it does an absent device
        await self.application(make=False)
        stub = api.DeviceServiceStub(self._calls.channel())
        await self._known(stub.Delete, api.DeleteDeviceRequest(dev_eui=dev_eui))

    async def application(self, *, make: bool = True) -> str:
        """The id of our application; empty when it is missing and `make` is false.

        Raises ConfigError, Refused, Retry.
        """
        stub = api.ApplicationServiceStub(self._calls.channel())
        name = self._settings.application
        tenant_id = await self._tenant()
        listed = api.ListApplicationsRequest(limit=PAGE, search=name, tenant_id=tenant_id)
        found = await self._named(stub.List, listed, name)
        if found or not make:
            return found
        made = api.Application(name=name, tenant_id=tenant_id, description="Made by lamplighter.")
        request = api.CreateApplicationRequest(application=made)
        return (await self._calls.call(stub.Create, request)).id

    async def _profile(self, device_class: str) -> str:
        stub = api.DeviceProfileServiceStub(self._calls.channel())
        name = f"lamplighter {self._settings.region} class {device_class}"
        tenant_id = await self._tenant()
        listed = api.ListDeviceProfilesRequest(limit=PAGE, search=name, tenant_id=tenant_id)
        found = await self._named(stub.List, listed, name)
        if found:
            return found
        made = api.DeviceProfile(
            tenant_id=tenant_id,
            name=name,
            region=self._region(),
            mac_version=common.LORAWAN_1_0_4,
            reg_params_revision=common.RP002_1_0_3,
            adr_algorithm_id="default",
            uplink_interval=3600,
            device_status_req_interval=1,
            supports_otaa=True,
            supports_class_c=device_class == "C",
            class_c_timeout=CLASS_C_ANSWER_S,
        )
        request = api.CreateDeviceProfileRequest(device_profile=made)
        return (await self._calls.call(stub.Create, request)).id

    def _region(self) -> str:
        known = common.Region.keys()
        if self._settings.region not in known:
            raise ConfigError(f"`network.region` is none of: {', '.join(known)}")
        return self._settings.region

    async def _tenant(self) -> str:
        if self._settings.tenant_id:
            return self._settings.tenant_id
        stub = api.TenantServiceStub(self._calls.channel())
        reply = await self._calls.call(stub.List, api.ListTenantsRequest(limit=2))
        if len(reply.result) != 1:
            raise ConfigError("`network.tenant_id` must say which of the tenants is ours")
        return reply.result[0].id

    async def _named(self, method: Any, request: Any, name: str) -> str:
        """The id of the object of exactly this name, else empty; the search is by substring."""
        reply = await self._calls.call(method, request)
        return next((one.id for one in reply.result if one.name == name), "")

    async def _known(self, method: Any, request: Any) -> bool:
        """Whether the server has it. To a tenant's key an absent object is UNAUTHENTICATED."""
        try:
            await self._calls.call(method, request)
        except (Unknown, ConfigError):
            return False
        return True
