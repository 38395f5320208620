"""Unknown RPCs answer UNIMPLEMENTED: those that a servicer of ours does not define itself."""

from collections.abc import Awaitable, Callable

import grpc

OURS = "tools.bench.network."


class OnlyKnown(grpc.aio.ServerInterceptor):
    """Replaces the stubs of `chirpstack_api`, which would answer UNKNOWN."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler | None:
        """Let our own methods through."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler.unary_unary or handler.unary_stream
        return handler if getattr(method, "__module__", "").startswith(OURS) else None
