"""ApplicationService, without its integrations."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/application.proto

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Backend, Context, rpc
from tools.bench.network.api.reading import found, named, page, part, times, uuid
from tools.bench.network.registry import StorageError, Stored


class Applications(api.ApplicationServiceServicer):
    """Create, Get, Update, Delete, List."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.registry = backend.core.registry

    def _tenant_of(self, application_id: str) -> str | None:
        stored = self.registry.applications.get(application_id)
        return stored.message.tenant_id if stored else None

    @rpc
    def Create(
        self, request: api.CreateApplicationRequest, context: Context
    ) -> api.CreateApplicationResponse:
        message = part(request, "application")
        message.tenant_id = uuid(message.tenant_id)
        self.backend.caller(context).may(message.tenant_id, write=True)
        named(message)
        if message.tenant_id not in self.registry.tenants:
            raise StorageError("FOREIGN KEY constraint failed")
        message.id = self.backend.core.uuid()
        now = self.backend.now_us()
        self.registry.applications[message.id] = Stored(message, now, now)
        return api.CreateApplicationResponse(id=message.id)

    @rpc
    def Get(
        self, request: api.GetApplicationRequest, context: Context
    ) -> api.GetApplicationResponse:
        application_id = uuid(request.id)
        self.backend.caller(context).may(self._tenant_of(application_id))
        stored = self.registry.one(self.registry.applications, application_id)
        return api.GetApplicationResponse(application=stored.message, **times(stored))

    @rpc
    def Update(self, request: api.UpdateApplicationRequest, context: Context) -> Empty:
        message = part(request, "application")
        message.id = uuid(message.id)
        self.backend.caller(context).may(self._tenant_of(message.id), write=True)
        stored = self.registry.one(self.registry.applications, message.id)
        named(message)
        message.tenant_id = stored.message.tenant_id
        stored.message = message
        stored.updated_us = self.backend.now_us()
        return Empty()

    @rpc
    def Delete(self, request: api.DeleteApplicationRequest, context: Context) -> Empty:
        application_id = uuid(request.id)
        self.backend.caller(context).may(self._tenant_of(application_id), write=True)
        self.registry.remove_application(application_id)
        return Empty()

    @rpc
    def List(
        self, request: api.ListApplicationsRequest, context: Context
    ) -> api.ListApplicationsResponse:
        tenant_id = uuid(request.tenant_id)
        self.backend.caller(context).may(tenant_id)
        rows = found(self.registry.applications.values(), request.search, tenant_id)
        return api.ListApplicationsResponse(
            total_count=len(rows), result=[_item(stored) for stored in page(rows, request)]
        )


def _item(stored: Stored[api.Application]) -> api.ApplicationListItem:
    application = stored.message
    return api.ApplicationListItem(
        id=application.id,
        name=application.name,
        description=application.description,
        **times(stored),
    )
