"""ChirpStack v4: events by MQTT, downlinks and devices by gRPC.

Its configuration must have `[integration.mqtt] qos=1`: the broker keeps no QoS 0 messages for an
absent client.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Self

from gateway.errors import GatewayError, Refused, Retry, Unknown
from gateway.model import REPORT_S, Device
from gateway.networks._connection import Broker
from gateway.networks._subscription import Subscription, try_subscription
from gateway.networks._tls import Tls
from gateway.networks.chirpstack import events
from gateway.networks.chirpstack.calls import KEY_S, Calls
from gateway.networks.chirpstack.registry import Registry
from gateway.networks.chirpstack.settings import Settings as Settings
from gateway.notices import Downlink, Envelope, Notice, Receipt
from gateway.regions import most_bytes


class Network:
    """See gateway.networks.Network. Only the subscription needs entering; calls do not."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.region = settings.region
        self._broker = Broker(
            url=settings.mqtt,
            client_id=settings.client_id,
            topic=settings.topic_filter(events.TOPIC),
            username=settings.username,
            password=settings.password,
            tls=Tls(settings.ca_file, settings.cert_file, settings.key_file),
        )
        self._subscription = Subscription(self._broker)
        self._calls = Calls(settings)

    async def __aenter__(self) -> Self:
        await self._subscription.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._subscription.__aexit__(*exc)
        await self._calls.close()

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network."""
        return self._subscription.batches()

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        topic = self.settings.default_topic(envelope.topic)
        return events.parse(topic, envelope.body, self.settings.application)

    def pause(self) -> None:
        """See gateway.networks.Network."""
        self._subscription.pause()

    def resume(self) -> None:
        """See gateway.networks.Network."""
        self._subscription.resume()

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """See gateway.networks.Network."""
        of = self.settings
        return of.downlink_bytes or most_bytes(self.region, device.device_class, dr)

    async def send(self, downlink: Downlink) -> Receipt:
        """See gateway.networks.Network."""
        try:
            return await self._calls.enqueue(downlink)
        except (Retry, Refused) as error:
            await self._find(downlink.dev_eui, error)
            raise

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """See gateway.networks.Network."""
        try:
            return await self._calls.queued(dev_eui)
        except Retry as error:
            await self._find(dev_eui, error)
            raise

    async def _find(self, dev_eui: str, error: GatewayError) -> None:
        """Raise Unknown where a call was refused because the server does not have the device.

        A tenant's key gets the same answer for a refused key.
        """
        if isinstance(error, Retry) and error.after_s != KEY_S:
            return
        try:
            absent = await self.absent([dev_eui])
        except GatewayError:
            return
        if absent:
            raise Unknown(f"no device {dev_eui}: {error}") from error

    async def absent(self, dev_euis: Sequence[str]) -> set[str]:
        """See gateway.networks.Network."""
        return await Registry(self._calls, self.settings).absent(dev_euis)

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """See gateway.networks.Network."""
        async with Calls(self.settings) as calls:
            await Registry(calls, self.settings).register(device, app_key, report_s)

    async def unregister(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        async with Calls(self.settings) as calls:
            await Registry(calls, self.settings).unregister(dev_eui)

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        await try_subscription(self._broker)
        async with Calls(self.settings) as calls:
            found = await Registry(calls, self.settings).application(make=False)
        has = "has" if found else "takes our key; the first device makes"
        return [
            f"the broker {self._broker.shown} lets us listen to {self._broker.topic}",
            f"the API {self.settings.grpc} {has} the application {self.settings.application!r}",
        ]
