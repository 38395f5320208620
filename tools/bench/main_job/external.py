"""A real ChirpStack, also one in use, in the place of the bench's network server.

What the bench makes there is its own and goes again: an application, a radio gateway, and the
device profiles that were not there before and that no device uses.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Self

import grpc
from chirpstack_api import api

from tools.bench.main_job.access import Access, NetworkAccessError, address

ALREADY_THERE = "UNIQUE"
"""In the text of ChirpStack's INTERNAL for a duplicate: the database's, never ALREADY_EXISTS."""
CALL_S = 10.0
PAGE = 1000


class ExternalNetwork:
    """One ChirpStack, used over gRPC and its broker. Raises NetworkAccessError."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.grpc_address = "{}:{}".format(*address(access.grpc))
        self.mqtt = address(access.mqtt)
        self.tenant_id = access.tenant
        self.own_id = secrets.token_hex(8)
        """The EUI of our radio gateway; also in the name of the application and the client id."""
        self.application = f"lamplighter hil {self.own_id}"
        self._profiles: set[str] = set()

    @property
    def settings(self) -> dict[str, str]:
        """Keys of `[network]` of a gateway that serves nothing but the bench there."""
        scheme = "https" if self.access.secure else "http"
        made = {
            "grpc": f"{scheme}://{self.grpc_address}",
            "mqtt": self.access.mqtt,
            "api_key": self.access.api_key,
            "tenant_id": self.tenant_id,
            "application": self.application,
            "client_id": f"lamplighter-hil-{self.own_id}",
        }
        more = {
            "ca_file": self.access.ca_file,
            "cert_file": self.access.cert_file,
            "topic_prefix": self.access.events_prefix,
        }
        return made | {key: value for key, value in more.items() if value}

    async def __aenter__(self) -> Self:
        self._channel = self.access.channel()
        try:
            if not self.tenant_id:
                self.tenant_id = await self._first_tenant()
            self._profiles = await self._listed_profiles()
        except BaseException:
            await self._channel.close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            await self._remove()
        finally:
            await self._channel.close()

    async def add_radio_gateway(self, gateway_id: str) -> None:
        """Registers the bench's radio gateway; an existing one is left as it is."""
        gateway = api.Gateway(
            gateway_id=gateway_id,
            name=self.application,
            description="Of a run of hil_tests; may be deleted.",
            tenant_id=self.tenant_id,
            stats_interval=30,
        )
        create = self._stub(api.GatewayServiceStub).Create
        try:
            await self._call(create, api.CreateGatewayRequest(gateway=gateway))
        except grpc.aio.AioRpcError as error:
            details = error.details() or ""
            if ALREADY_THERE not in details and "duplicate key" not in details:
                raise

    async def _first_tenant(self) -> str:
        found = await self._call(
            self._stub(api.TenantServiceStub).List, api.ListTenantsRequest(limit=1)
        )
        if not found.result:
            raise NetworkAccessError(
                f"{self.grpc_address} has no tenant: make one in ChirpStack first"
            )
        return found.result[0].id

    async def _listed_profiles(self) -> set[str]:
        request = api.ListDeviceProfilesRequest(limit=PAGE, tenant_id=self.tenant_id)
        found = await self._call(self._stub(api.DeviceProfileServiceStub).List, request)
        return {one.id for one in found.result}

    async def _applications(self) -> dict[str, str]:
        """{id: name} of the tenant's applications."""
        request = api.ListApplicationsRequest(limit=PAGE, tenant_id=self.tenant_id)
        found = await self._call(self._stub(api.ApplicationServiceStub).List, request)
        return {one.id: one.name for one in found.result}

    async def _remove(self) -> None:
        """Removes what the run has made: its application with the devices, then the rest."""
        applications = self._stub(api.ApplicationServiceStub)
        others: list[str] = []
        for identifier, name in (await self._applications()).items():
            if name == self.application:
                await self._call(applications.Delete, api.DeleteApplicationRequest(id=identifier))
            else:
                others.append(identifier)
        profiles = self._stub(api.DeviceProfileServiceStub)
        for identifier in await self._listed_profiles() - self._profiles:
            if not await self._used(identifier, others):
                await self._call(profiles.Delete, api.DeleteDeviceProfileRequest(id=identifier))
        gone = api.DeleteGatewayRequest(gateway_id=self.own_id)
        try:
            await self._call(self._stub(api.GatewayServiceStub).Delete, gone)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise

    async def _used(self, profile_id: str, applications: list[str]) -> bool:
        """Whether a device has this profile; ChirpStack would delete it together with that."""
        devices = self._stub(api.DeviceServiceStub)
        for application_id in applications:
            request = api.ListDevicesRequest(
                application_id=application_id, device_profile_id=profile_id
            )
            if (await self._call(devices.List, request)).total_count:
                return True
        return False

    def _stub(self, service: Callable[[grpc.aio.Channel], Any]) -> Any:
        return service(self._channel)

    async def _call(self, method: Callable[..., Awaitable[Any]], request: object) -> Any:
        """One call. Raises NetworkAccessError where a person has to act, else AioRpcError."""
        metadata = (("authorization", f"Bearer {self.access.api_key}"),)
        try:
            return await method(request, metadata=metadata, timeout=CALL_S)
        except grpc.aio.AioRpcError as error:
            said = self._sentence(error)
            if said:
                raise NetworkAccessError(said) from None
            raise

    def _sentence(self, error: grpc.aio.AioRpcError) -> str:
        codes = grpc.StatusCode
        if error.code() is codes.UNAUTHENTICATED:
            return (
                f"ChirpStack at {self.grpc_address} refuses the API key in CHIRPSTACK_KEY "
                f"({error.details() or 'it may not do this'}): make an admin's key there, or give "
                "a tenant's together with --network-tenant"
            )
        if error.code() in {codes.UNAVAILABLE, codes.DEADLINE_EXCEEDED}:
            return (
                f"no ChirpStack API answers at {self.access.grpc} ({error.details()}): check the "
                "address, grpcs:// for TLS, and --network-ca"
            )
        return ""
