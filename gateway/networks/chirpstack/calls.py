"""Calls of ChirpStack's gRPC API, each with a deadline, its errors translated to ours."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self
from urllib.parse import urlsplit

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.errors import ConfigError, Refused, Retry, Unknown, Unsure
from gateway.networks.chirpstack.settings import Settings
from gateway.networks.chirpstack.stubs import api
from gateway.notices import Downlink, Receipt

KEY_S = 30.0
"""Seconds until a refused key is tried again: an operator has to act."""
_OURS = (
    "FOREIGN KEY",
    "UNIQUE constraint",
    "duplicate key",
    "Record not found",
    "Invalid ",
    "Odd ",
)
"""Prefixes of the details with which ChirpStack answers a wrong request as INTERNAL."""


class Calls:
    """A channel to the API; an async context manager that closes it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._metadata = (("authorization", f"Bearer {settings.api_key}"),)
        self._open: grpc.aio.Channel | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel; the next call opens a new one."""
        if self._open:
            await self._open.close()
            self._open = None

    def channel(self) -> grpc.aio.Channel:
        """The open channel. Raises ConfigError for an invalid address."""
        if self._open is None:
            parts = urlsplit(self.settings.grpc)
            if parts.scheme not in {"http", "https"} or not parts.netloc:
                raise ConfigError(
                    f"`network.grpc` is {self.settings.grpc!r}, expected http://host:port"
                )
            if parts.scheme == "https":
                secret = grpc.ssl_channel_credentials()
                self._open = grpc.aio.secure_channel(parts.netloc, secret)
            else:
                self._open = grpc.aio.insecure_channel(parts.netloc)
        return self._open

    async def call(self, method: Callable[..., Awaitable[Any]], request: Any) -> Any:
        """One call. Raises Unknown, Refused, ConfigError (the key), Retry; Unsure once sent."""
        channel = self.channel()
        timeout_s = self.settings.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                await channel.channel_ready()
        except TimeoutError:
            raise Retry(f"the network server at {self.settings.grpc} does not answer") from None
        try:
            return await method(request, metadata=self._metadata, timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            raise self._translated(error) from None

    def _translated(self, error: grpc.aio.AioRpcError) -> Exception:
        code = error.code()
        details = error.details() or ""
        said = f"the network server says {code.name}" + (f": {details}" if details else "")
        if code is grpc.StatusCode.NOT_FOUND:
            return Unknown(said)
        if code is grpc.StatusCode.UNAUTHENTICATED:
            # ChirpStack's answer, too, for an object that does not exist or is another tenant's
            return ConfigError(f"{said}; `network.api_key` must be a key of the device's tenant")
        wrong = code is grpc.StatusCode.INTERNAL and details.startswith(_OURS)
        if wrong or code in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}:
            return Refused(said)
        return Unsure(said)

    async def enqueue(self, downlink: Downlink) -> Receipt:
        """Put a frame into a device's queue."""
        until = Timestamp()
        until.FromMilliseconds(downlink.expires_at_ms)
        item = api.DeviceQueueItem(
            dev_eui=downlink.dev_eui,
            f_port=downlink.fport,
            data=downlink.data,
            confirmed=downlink.confirmed,
            expires_at=until,
        )
        stub = api.DeviceServiceStub(self.channel())
        try:
            request = api.EnqueueDeviceQueueItemRequest(
                queue_item=item, flush_queue=downlink.flush
            )
            reply = await self.call(stub.Enqueue, request)
        except ConfigError as error:
            raise Retry(str(error), KEY_S) from None
        return Receipt(reply.id)

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """{frame: queue_item_id} of a device's queue at the server."""
        stub = api.DeviceServiceStub(self.channel())
        try:
            request = api.GetDeviceQueueItemsRequest(dev_eui=dev_eui)
            reply = await self.call(stub.GetQueue, request)
        except (ConfigError, Refused) as error:
            raise Retry(str(error), KEY_S) from None
        return {item.data: item.id for item in reply.result}
