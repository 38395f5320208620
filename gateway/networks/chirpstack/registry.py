"""Registration at ChirpStack: application, device profile, device and keys."""

from collections.abc import Sequence
from typing import Any

import structlog

from gateway.errors import ConfigError, Refused, Unknown
from gateway.model import REPORT_S, Device
from gateway.networks.chirpstack import regions
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.profiles import PAGE, TAG, Profiles, kind_of, made_by, named
from gateway.networks.chirpstack.settings import Settings
from gateway.networks.chirpstack.stubs import api

log = structlog.get_logger("gateway.chirpstack")


class Registry:
    """Finds each object by its name and creates what is missing; a second call changes nothing."""

    def __init__(self, calls: Calls, settings: Settings) -> None:
        self._calls = calls
        self._settings = settings

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """Create the device, or update it where our application has it already.

        An update changes its name, profile, JoinEUI, our tag and its root key; what others keep on
        it stays. Raises Refused for a device of another application, ConfigError, Retry.
        """
        stub = api.DeviceServiceStub(self._calls.channel())
        application_id = await self.application()
        found = await self._found(stub.Get, api.GetDeviceRequest(dev_eui=device.dev_eui))
        if found and found.device.application_id != application_id:
            raise Refused(await self._elsewhere(device.dev_eui, found.device), "dev_eui")
        wanted = found.device if found else api.Device(description=made_by(device))
        wanted.dev_eui = device.dev_eui
        wanted.name = device.name
        wanted.application_id = application_id
        wanted.device_profile_id = await self.profile(device, report_s)
        wanted.join_eui = device.join_eui
        wanted.tags[TAG] = kind_of(device)
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

    async def absent(self, dev_euis: Sequence[str]) -> set[str]:
        """Which of these devices no application has. Raises ConfigError, Refused, Retry."""
        # raises for a refused key, which Get would answer as it does an absent device
        application_id = await self.application(make=False)
        missing = set(dev_euis)
        if application_id and len(missing) > 1:
            missing -= await self._listed(application_id)
        stub = api.DeviceServiceStub(self._calls.channel())
        return {
            dev_eui
            for dev_eui in sorted(missing)
            if not await self._found(stub.Get, api.GetDeviceRequest(dev_eui=dev_eui))
        }

    async def _listed(self, application_id: str) -> set[str]:
        """The DevEUIs of an application."""
        stub = api.DeviceServiceStub(self._calls.channel())
        found: set[str] = set()
        while True:
            request = api.ListDevicesRequest(
                limit=PAGE, offset=len(found), application_id=application_id
            )
            page = (await self._calls.call(stub.List, request)).result
            found |= {one.dev_eui for one in page}
            if len(page) < PAGE:
                return found

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
        tenant_id = await self.tenant()
        listed = api.ListApplicationsRequest(limit=PAGE, search=name, tenant_id=tenant_id)
        found = await named(self._calls, stub.List, listed)
        if found or not make:
            return found
        made = api.Application(name=name, tenant_id=tenant_id, description="Made by lamplighter.")
        request = api.CreateApplicationRequest(application=made)
        return (await self._calls.call(stub.Create, request)).id

    async def last_seen_ms(self) -> int:
        """When the newest uplink of our application's devices came, by ChirpStack's clock; or 0.

        Raises ConfigError, Refused, Retry.
        """
        application_id = await self.application(make=False)
        if not application_id:
            return 0
        stub = api.DeviceServiceStub(self._calls.channel())
        request = api.ListDevicesRequest(limit=PAGE, application_id=application_id)
        reply = await self._calls.call(stub.List, request)
        return max((one.last_seen_at.ToMilliseconds() for one in reply.result), default=0)

    async def profile(self, device: Device, report_s: int = REPORT_S) -> str:
        """The id of the device profile that fits the device, made when missing."""
        tenant_id = await self.tenant()
        return await Profiles(self._calls, await self.region(), tenant_id).of(device, report_s)

    async def region(self) -> str:
        """The region of the devices. Raises ConfigError where the server lacks the configured."""
        known = await regions.there(self._calls, await self.tenant())
        return regions.chosen(self._settings.region, known)

    async def check_tenant(self) -> None:
        """Raise ConfigError unless the API is ChirpStack 4's and the tenant is there for our key.

        The service is new in version 4: before it, other calls fail with errors that name nothing.
        """
        tenant_id = await self.tenant()
        stub = api.TenantServiceStub(self._calls.channel())
        try:
            await self._calls.call(stub.Get, api.GetTenantRequest(id=tenant_id))
        except (Unknown, Refused) as error:
            raise ConfigError(f"`network.tenant_id` is no tenant there: {error}") from None

    async def tenant(self) -> str:
        """The id of our tenant. Raises ConfigError when the settings leave it open."""
        if self._settings.tenant_id:
            return self._settings.tenant_id
        stub = api.TenantServiceStub(self._calls.channel())
        reply = await self._calls.call(stub.List, api.ListTenantsRequest(limit=2))
        if len(reply.result) != 1:
            raise ConfigError("`network.tenant_id` must say which of the tenants is ours")
        return reply.result[0].id

    async def _found(self, method: Any, request: Any) -> Any:
        """The reply; None for an absent object, which a tenant's key gets as UNAUTHENTICATED."""
        try:
            return await self._calls.call(method, request)
        except (Unknown, ConfigError):
            return None
