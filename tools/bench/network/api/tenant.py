"""TenantService."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/tenant.proto

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Backend, Context, rpc
from tools.bench.network.api.reading import found, named, page, part, times, uuid
from tools.bench.network.registry import Stored


class Tenants(api.TenantServiceServicer):
    """Create, Get, Update, Delete, List."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.table = backend.core.registry.tenants

    @rpc
    def Create(
        self, request: api.CreateTenantRequest, context: Context
    ) -> api.CreateTenantResponse:
        message = part(request, "tenant")
        self.backend.caller(context).may(None, write=True)
        named(message)
        message.id = self.backend.core.uuid()
        now = self.backend.now_us()
        self.table[message.id] = Stored(message, now, now)
        return api.CreateTenantResponse(id=message.id)

    @rpc
    def Get(self, request: api.GetTenantRequest, context: Context) -> api.GetTenantResponse:
        tenant_id = uuid(request.id)
        self.backend.caller(context).may(tenant_id)
        stored = self.backend.core.registry.one(self.table, tenant_id)
        return api.GetTenantResponse(tenant=stored.message, **times(stored))

    @rpc
    def Update(self, request: api.UpdateTenantRequest, context: Context) -> Empty:
        message = part(request, "tenant")
        message.id = uuid(message.id)
        self.backend.caller(context).may(None, write=True)
        stored = self.backend.core.registry.one(self.table, message.id)
        named(message)
        stored.message = message
        stored.updated_us = self.backend.now_us()
        return Empty()

    @rpc
    def Delete(self, request: api.DeleteTenantRequest, context: Context) -> Empty:
        tenant_id = uuid(request.id)
        self.backend.caller(context).may(None, write=True)
        self.backend.core.registry.remove_tenant(tenant_id)
        return Empty()

    @rpc
    def List(self, request: api.ListTenantsRequest, context: Context) -> api.ListTenantsResponse:
        self.backend.caller(context).may(None)
        rows = found(self.table.values(), request.search)
        return api.ListTenantsResponse(
            total_count=len(rows), result=[_item(s) for s in page(rows, request)]
        )


def _item(stored: Stored[api.Tenant]) -> api.TenantListItem:
    tenant = stored.message
    return api.TenantListItem(
        id=tenant.id,
        name=tenant.name,
        can_have_gateways=tenant.can_have_gateways,
        private_gateways_up=tenant.private_gateways_up,
        private_gateways_down=tenant.private_gateways_down,
        max_gateway_count=tenant.max_gateway_count,
        max_device_count=tenant.max_device_count,
        **times(stored),
    )
