"""GatewayService, without its metrics and certificates."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/gateway.proto

from typing import Any

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Backend, Context, rpc
from tools.bench.network.api.reading import eui, found, named, page, part, times, uuid
from tools.bench.network.durations import us
from tools.bench.network.events import timestamp
from tools.bench.network.registry import RadioGateway, StorageError


class Gateways(api.GatewayServiceServicer):
    """Create, Get, Update, Delete, List."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.registry = backend.core.registry

    def _tenant_of(self, gateway_id: str) -> str | None:
        stored = self.registry.radio_gateways.get(gateway_id)
        return stored.message.tenant_id if stored else None

    @rpc
    def Create(self, request: api.CreateGatewayRequest, context: Context) -> Empty:
        message = part(request, "gateway")
        message.gateway_id = eui(message.gateway_id)
        message.tenant_id = uuid(message.tenant_id)
        self.backend.caller(context).may(message.tenant_id, write=True)
        named(message)
        if message.tenant_id not in self.registry.tenants:
            raise StorageError("Record not found")
        if message.gateway_id in self.registry.radio_gateways:
            raise StorageError("UNIQUE constraint failed: gateway.gateway_id")
        now = self.backend.now_us()
        self.registry.radio_gateways[message.gateway_id] = RadioGateway(message, now, now)
        return Empty()

    @rpc
    def Get(self, request: api.GetGatewayRequest, context: Context) -> api.GetGatewayResponse:
        gateway_id = eui(request.gateway_id)
        self.backend.caller(context).may(self._tenant_of(gateway_id))
        stored = self.registry.one(self.registry.radio_gateways, gateway_id)
        return api.GetGatewayResponse(gateway=stored.message, **_seen(stored))

    @rpc
    def Update(self, request: api.UpdateGatewayRequest, context: Context) -> Empty:
        message = part(request, "gateway")
        message.gateway_id = eui(message.gateway_id)
        self.backend.caller(context).may(self._tenant_of(message.gateway_id), write=True)
        stored = self.registry.one(self.registry.radio_gateways, message.gateway_id)
        named(message)
        message.tenant_id = stored.message.tenant_id
        stored.message = message
        stored.updated_us = self.backend.now_us()
        return Empty()

    @rpc
    def Delete(self, request: api.DeleteGatewayRequest, context: Context) -> Empty:
        gateway_id = eui(request.gateway_id)
        self.backend.caller(context).may(self._tenant_of(gateway_id), write=True)
        self.registry.one(self.registry.radio_gateways, gateway_id)
        del self.registry.radio_gateways[gateway_id]
        return Empty()

    @rpc
    def List(self, request: api.ListGatewaysRequest, context: Context) -> api.ListGatewaysResponse:
        tenant_id = uuid(request.tenant_id) if request.tenant_id else None
        self.backend.caller(context).may(tenant_id)
        rows = found(
            self.registry.radio_gateways.values(), request.search, tenant_id, "gateway_id"
        )
        now = self.backend.now_us()
        return api.ListGatewaysResponse(
            total_count=len(rows), result=[_item(stored, now) for stored in page(rows, request)]
        )


def _seen(stored: RadioGateway) -> dict[str, Any]:
    seen = stored.last_seen_us
    return times(stored) | ({"last_seen_at": timestamp(seen)} if seen else {})


def _item(stored: RadioGateway, now_us: int) -> api.GatewayListItem:
    gateway = stored.message
    item = api.GatewayListItem(
        tenant_id=gateway.tenant_id,
        gateway_id=gateway.gateway_id,
        name=gateway.name,
        description=gateway.description,
        location=gateway.location,
        **_seen(stored),
    )
    if stored.last_seen_us is not None:
        # Online until two statistics in a row are missed.
        late = now_us - stored.last_seen_us > us(2 * (gateway.stats_interval or 30))
        item.state = api.GatewayState.OFFLINE if late else api.GatewayState.ONLINE
    return item
