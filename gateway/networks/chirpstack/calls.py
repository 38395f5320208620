"""Calls of ChirpStack's gRPC API, each with a deadline, its errors translated to ours."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Self
from urllib.parse import SplitResult

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.errors import ConfigError, Refused, Retry, Unknown, Unsure
from gateway.networks import _address
from gateway.networks._tls import Tls, failure
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
        self._tls = Tls(settings.ca_file, settings.cert_file, settings.key_file)
        self.metadata = (("authorization", f"Bearer {settings.api_key}"),)
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
            parts = self._address()
            if parts.scheme == "https":
                secret = self._tls.credentials()
                self._open = grpc.aio.secure_channel(parts.netloc, secret)
            else:
                self._open = grpc.aio.insecure_channel(parts.netloc)
        return self._open

    def _address(self) -> SplitResult:
        """The API's address. Raises ConfigError."""
        parts = _address.split(self.settings.grpc, "network.grpc", ("http", "https"))
        if parts.username is not None:
            raise ConfigError(
                "`network.grpc` has a user, which ChirpStack's API does not know: give "
                "`network.api_key` alone"
            )
        return parts

    async def _try_handshake(self) -> None:
        """Raise ConfigError where TLS is the cause, which gRPC does not say."""
        parts = self._address()
        if parts.scheme != "https":
            return
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                _, writer = await asyncio.open_connection(
                    parts.hostname, parts.port or 443, ssl=self._tls.context()
                )
        except ssl.SSLError as error:
            raise failure(error, f"the network server at {self.settings.grpc}") from None
        except (OSError, TimeoutError):
            return
        writer.close()

    async def call(self, method: Callable[..., Awaitable[Any]], request: Any) -> Any:
        """One call. Raises Unknown, Refused, ConfigError (the key), Retry; Unsure once sent."""
        channel = self.channel()
        timeout_s = self.settings.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                await channel.channel_ready()
        except TimeoutError:
            await self._try_handshake()
            raise Retry(f"the network server at {self.settings.grpc} does not answer") from None
        try:
            return await method(request, metadata=self.metadata, timeout=timeout_s)
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
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return ConfigError(
                f"{said}; `network.grpc` must be the API of ChirpStack 4, version 3 has another"
            )
        wrong = code is grpc.StatusCode.INTERNAL and details.startswith(_OURS)
        if wrong or code is grpc.StatusCode.INVALID_ARGUMENT:
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

    async def flush(self, dev_eui: str) -> None:
        """Remove every frame from a device's queue at the server."""
        stub = api.DeviceServiceStub(self.channel())
        try:
            request = api.FlushDeviceQueueRequest(dev_eui=dev_eui)
            await self.call(stub.FlushQueue, request)
        except (ConfigError, Refused) as error:
            raise Retry(str(error), KEY_S) from None

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """{frame: queue_item_id} of a device's queue at the server."""
        stub = api.DeviceServiceStub(self.channel())
        try:
            request = api.GetDeviceQueueItemsRequest(dev_eui=dev_eui)
            reply = await self.call(stub.GetQueue, request)
        except (ConfigError, Refused) as error:
            raise Retry(str(error), KEY_S) from None
        return {item.data: item.id for item in reply.result}
