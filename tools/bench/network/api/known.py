"""Unknown RPCs answer UNIMPLEMENTED: those that a servicer of ours does not define itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any] | None

OURS = "tools.bench.network."


class OnlyKnown(grpc.aio.ServerInterceptor):
    """Replaces the stubs of `chirpstack_api`, which would answer UNKNOWN."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Let our own methods through."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler.unary_unary or handler.unary_stream
        return handler if getattr(method, "__module__", "").startswith(OURS) else None
