"""A real ChirpStack in the place of the bench's network server: the same attributes, over gRPC."""

from __future__ import annotations

from typing import Any, Self, cast
from urllib.parse import urlsplit

import grpc
from chirpstack_api import api

ALREADY_THERE = "UNIQUE"
"""In the text of ChirpStack's INTERNAL for a duplicate: the database's, never ALREADY_EXISTS."""


class ExternalNetwork:
    """One ChirpStack. grpc_url: "grpc://host:port"; mqtt_url: "mqtt://host:port" of its broker.

    The bench's radio gateway is registered there and the air's frames go through its broker.
    Raises ValueError for an address without a port, grpc.RpcError where the server refuses.
    """

    def __init__(self, grpc_url: str, mqtt_url: str, admin_key: str) -> None:
        self.grpc_address = "{}:{}".format(*_address(grpc_url))
        self.mqtt = _address(mqtt_url)
        self.admin_key = admin_key
        self.tenant_id = ""

    async def __aenter__(self) -> Self:
        self._channel = grpc.aio.insecure_channel(self.grpc_address)
        tenants = cast("Any", api.TenantServiceStub(self._channel))  # its stub has no types
        request = api.ListTenantsRequest(limit=1)
        found: api.ListTenantsResponse = await tenants.List(request, metadata=self._metadata)
        if not found.result:
            raise ValueError(f"{self.grpc_address} has no tenant: make one in ChirpStack first")
        self.tenant_id = found.result[0].id
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._channel.close()

    @property
    def _metadata(self) -> tuple[tuple[str, str]]:
        return (("authorization", f"Bearer {self.admin_key}"),)

    async def add_radio_gateway(self, gateway_id: str) -> None:
        """Registers the bench's radio gateway; an existing one is left as it is."""
        gateway = api.Gateway(
            gateway_id=gateway_id,
            name="lamplighter bench",
            tenant_id=self.tenant_id,
            stats_interval=30,
        )
        gateways = cast("Any", api.GatewayServiceStub(self._channel))
        try:
            request = api.CreateGatewayRequest(gateway=gateway)
            await gateways.Create(request, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            details = error.details() or ""
            if ALREADY_THERE not in details and "duplicate key" not in details:
                raise


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if not parts.hostname or not parts.port:
        raise ValueError(f"{url}: expected SCHEME://HOST:PORT")
    return parts.hostname, parts.port
