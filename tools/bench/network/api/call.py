"""What every service shares: authentication, and the status of an error."""

import functools
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from chirpstack_api import api

from tools.bench.network.api.reading import CallError, Code
from tools.bench.network.auth import Access, TokenError, verify
from tools.bench.network.core import Core
from tools.bench.network.registry import MissingError, StorageError

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class Caller:
    """Who calls. key: the API key, None for the user."""

    key: api.ApiKey | None = None

    def may(self, tenant_id: str | None, *, write: bool = False) -> None:
        """Check the right to this tenant's objects; None is for administrators alone.

        Raises CallError: UNAUTHENTICATED without a text, as ChirpStack answers a missing right.
        """
        key = self.key
        if key is None:
            return
        if (write and key.is_read_only) or not (
            key.is_admin or (tenant_id is not None and key.tenant_id == tenant_id)
        ):
            raise CallError(Code.UNAUTHENTICATED, "")

    def user(self) -> None:
        """Check that the user calls. Raises CallError for every API key."""
        if self.key is not None:
            raise CallError(Code.UNAUTHENTICATED, "")


@dataclass
class Backend:
    """What the services work on. wake: makes the server's loop look for work."""

    core: Core
    access: Access
    wake: Callable[[], None]
    now_us: Callable[[], int] = field(default=lambda: time.time_ns() // 1000)

    def caller(self, context: Context) -> Caller:
        """The caller, from the metadata. Raises CallError (UNAUTHENTICATED) as ChirpStack does."""
        metadata = {str(k): v for k, v in context.invocation_metadata() or ()}
        header = str(metadata.get("authorization", ""))
        if not header:
            raise CallError(Code.UNAUTHENTICATED, "no authorization provided")
        words = header.split(" ")
        if len(words) != 2 or words[0] != "Bearer":
            raise CallError(
                Code.UNAUTHENTICATED, "authorization metadata must be in format 'Bearer <TOKEN>"
            )
        try:
            claims = verify(self.access.secret, words[1], time.time())
        except TokenError as error:
            raise CallError(Code.UNAUTHENTICATED, str(error)) from None
        if claims.get("typ") == "user":
            return Caller()
        key = self.access.keys.get(str(claims.get("sub")))
        if key is None:  # signed by us, but deleted since
            raise CallError(Code.UNAUTHENTICATED, "")
        return Caller(key)

    def may_device(self, context: Context, dev_eui: str, *, write: bool = False) -> None:
        """Check the right to a device; a tenant's key cannot tell a missing one from another's."""
        device = self.core.registry.devices.get(dev_eui)
        tenant = self.core.registry.tenant_of(device) if device else None
        self.caller(context).may(tenant, write=write)


def rpc(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the errors of an RPC into its status; for plain answers and for streams."""
    return _stream(method) if inspect.isasyncgenfunction(method) else _unary(method)


def _unary(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def unary(self: Any, request: Any, context: Context) -> Any:
        try:
            return method(self, request, context)
        except (CallError, StorageError) as error:
            await context.abort(*_status(error))

    return unary


def _stream(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def stream(self: Any, request: Any, context: Context) -> Any:
        try:
            async for item in method(self, request, context):
                yield item
        except (CallError, StorageError) as error:
            await context.abort(*_status(error))

    return stream


def _status(error: Exception) -> tuple[grpc.StatusCode, str]:
    if isinstance(error, CallError):
        return error.code, error.details
    missing = isinstance(error, MissingError)
    return Code.NOT_FOUND if missing else Code.INTERNAL, str(error)
