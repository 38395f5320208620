"""InternalService: log in, API keys, regions, and the stream of a device's events."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/internal.proto

from collections.abc import AsyncIterator

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Backend, Context, rpc
from tools.bench.network.api.reading import CallError, Code, eui, part, uuid
from tools.bench.network.history import History
from tools.bench.network.registry import MissingError

VERSION = "4.20.0"
"""The ChirpStack whose behaviour this is."""


class Internal(api.InternalServiceServicer):
    """What the bench's callers use of it."""

    def __init__(self, backend: Backend, history: History) -> None:
        self.backend = backend
        self.history = history

    @rpc
    def Login(self, request: api.LoginRequest, context: Context) -> api.LoginResponse:  # noqa: ARG002
        token = self.backend.access.login(request.email, request.password)
        if token is None:
            raise CallError(Code.UNAUTHENTICATED, "Invalid username or password")
        return api.LoginResponse(jwt=token)

    @rpc
    def GetVersion(self, request: Empty, context: Context) -> api.GetVersionResponse:  # noqa: ARG002
        self.backend.caller(context).user()
        return api.GetVersionResponse(version=VERSION)

    @rpc
    def ListRegions(self, request: Empty, context: Context) -> api.ListRegionsResponse:  # noqa: ARG002
        self.backend.caller(context)
        region = self.backend.core.region
        only = api.RegionListItem(
            id=region.id,
            region=region.common,
            description=region.name,
        )
        return api.ListRegionsResponse(regions=[only])

    @rpc
    def CreateApiKey(
        self, request: api.CreateApiKeyRequest, context: Context
    ) -> api.CreateApiKeyResponse:
        key = part(request, "api_key")
        tenant_id = uuid(key.tenant_id) if key.tenant_id else None
        self.backend.caller(context).user()
        if tenant_id is not None:
            self.backend.core.registry.one(self.backend.core.registry.tenants, tenant_id)
            key.tenant_id = tenant_id
        token = self.backend.access.add_key(key)
        return api.CreateApiKeyResponse(id=key.id, token=token)

    @rpc
    def DeleteApiKey(self, request: api.DeleteApiKeyRequest, context: Context) -> Empty:
        key_id = uuid(request.id)
        self.backend.caller(context).user()
        if self.backend.access.keys.pop(key_id, None) is None:
            raise MissingError(key_id)
        return Empty()

    @rpc
    async def StreamDeviceEvents(
        self, request: api.StreamDeviceEventsRequest, context: Context
    ) -> AsyncIterator[api.LogItem]:
        dev_eui = eui(request.dev_eui)
        self.backend.may_device(context, dev_eui)
        async for item in self.history.follow(dev_eui):
            yield item
