"""Registration at ChirpStack: application, device profile, device and keys."""

from typing import Any

import structlog

from gateway.errors import ConfigError, Refused, Unknown
from gateway.model import Device
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.settings import Settings
from gateway.networks.chirpstack.stubs import api, common

CLASS_C_ANSWER_S = 30
"""Seconds ChirpStack waits for the acknowledgement of a class C downlink; 0 fails every one."""
PAGE = 1000
TAG = "lamplighter"
"""The tag on each device of ours; its value is the profile or decoder."""

log = structlog.get_logger("gateway.chirpstack")


class Registry:
    """Finds each object by its name and creates what is missing; a second call changes nothing."""

    def __init__(self, calls: Calls, settings: Settings) -> None:
        self._calls = calls
        self._settings = settings

    async def register(self, device: Device, app_key: str) -> None:
        """Create the device, or update it where our application has it already.

        An update changes its name, profile, JoinEUI, our tag and its root key; what others keep on
        it stays. Raises Refused for a device of another application, ConfigError, Retry.
        """
        stub = api.DeviceServiceStub(self._calls.channel())
        application_id = await self.application()
        found = await self._found(stub.Get, api.GetDeviceRequest(dev_eui=device.dev_eui))
        if found and found.device.application_id != application_id:
            raise Refused(await self._elsewhere(device.dev_eui, found.device), "dev_eui")
        kind = device.profile or device.decoder
        wanted = found.device if found else api.Device(description=f"Made by lamplighter: {kind}.")
        wanted.dev_eui = device.dev_eui
        wanted.name = device.name
        wanted.application_id = application_id
        wanted.device_profile_id = await self.profile(device.device_class)
        wanted.join_eui = device.join_eui
        wanted.tags[TAG] = kind
        if found:
            await self._calls.call(stub.Update, api.UpdateDeviceRequest(device=wanted))
        else:
            await self._calls.call(stub.Create, api.CreateDeviceRequest(device=wanted))
        await self._set_key(device.dev_eui, app_key)

    async def _set_key(self, dev_eui: str, app_key: str) -> None:
        """Set the device's root key, which LoRaWAN 1.0.x has in nwk_key; its other keys stay."""
        stub = api.DeviceServiceStub(self._calls.channel())
        found = await self._found(stub.GetKeys, api.GetDeviceKeysRequest(dev_eui=dev_eui))
        keys = found.device_keys if found else api.DeviceKeys(dev_eui=dev_eui)
        keys.nwk_key = app_key
        if found:
            await self._calls.call(stub.UpdateKeys, api.UpdateDeviceKeysRequest(device_keys=keys))
        else:
            await self._calls.call(stub.CreateKeys, api.CreateDeviceKeysRequest(device_keys=keys))

    async def unregister(self, dev_eui: str) -> None:
        """Delete the device where our application has it. Raises ConfigError, Refused, Retry."""
        # raises for a refused key, which Get would answer as it does an absent device
        application_id = await self.application(make=False)
        stub = api.DeviceServiceStub(self._calls.channel())
        found = await self._found(stub.Get, api.GetDeviceRequest(dev_eui=dev_eui))
        if not found:
            return
        if found.device.application_id != application_id:
            said = await self._elsewhere(dev_eui, found.device)
            log.warning("device left at the network server", dev_eui=dev_eui, reason=said)
            return
        await self._found(stub.Delete, api.DeleteDeviceRequest(dev_eui=dev_eui))

    async def _elsewhere(self, dev_eui: str, device: Any) -> str:
        """The sentence about a device of another application, which it names."""
        stub = api.ApplicationServiceStub(self._calls.channel())
        found = await self._found(stub.Get, api.GetApplicationRequest(id=device.application_id))
        name = found.application.name if found else device.application_id
        return (
            f"the network server has {dev_eui} as {device.name!r} in the application {name!r}, "
            f"ours is {self._settings.application!r}: use another DevEUI, or delete it there first"
        )

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

    async def profile(self, device_class: str) -> str:
        """The id of the device profile of a LoRaWAN class, made when missing."""
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

    async def _found(self, method: Any, request: Any) -> Any:
        """The reply; None for an absent object, which a tenant's key gets as UNAUTHENTICATED."""
        try:
            return await self._calls.call(method, request)
        except (Unknown, ConfigError):
            return None
