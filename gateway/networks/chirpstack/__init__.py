"""ChirpStack v4: events by MQTT, downlinks and devices by gRPC.

Its configuration must have `[integration.mqtt] qos=1`: the broker keeps no QoS 0 messages for an
absent client.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Self

from msgspec.structs import replace

from gateway.errors import ConfigError, GatewayError, Lost, Refused, Retry, Unknown
from gateway.model import REPORT_S, Device
from gateway.networks._broker import Broker
from gateway.networks._subscription import Subscription, try_subscription
from gateway.networks._task import ended
from gateway.networks._tls import Tls
from gateway.networks._watch import Watch
from gateway.networks.chirpstack import events, regions
from gateway.networks.chirpstack.calls import KEY_S, Calls
from gateway.networks.chirpstack.holes import Holes
from gateway.networks.chirpstack.registry import Registry
from gateway.networks.chirpstack.settings import Settings as Settings
from gateway.networks.chirpstack.stored import about
from gateway.notices import Downlink, Envelope, Notice, Receipt, Uplink
from gateway.regions import most_bytes

LOOK_S = 300.0
"""Between two looks at the API for devices whose messages do not come."""
SETTLE_S = 10.0
"""Within this time a message comes of an uplink that the API shows."""


class Network:
    """See gateway.networks.Network. Only the subscription needs entering; calls do not."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
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
        self._watch = Watch()
        self._holes = Holes(self._calls, self._subscription.give)
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._subscription.__aenter__()
        self._looking = asyncio.create_task(self._look_forever())
        await self._holes.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._holes.__aexit__(*exc)
        await ended(self._looking)
        await self._subscription.__aexit__(*exc)
        await self._calls.close()

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network."""
        return self._subscription.batches()

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        topic = self.settings.default_topic(envelope.topic)
        try:
            notice = events.parse(topic, envelope.body, self.settings.application)
        except Lost as error:
            self._watch.unread(str(error))
            raise
        if notice and not notice.foreign:
            self._watch.read()
            if isinstance(notice, Uplink):
                self._holes.saw(notice, envelope.topic)
        return notice

    def pause(self) -> None:
        """See gateway.networks.Network."""
        self._subscription.pause()

    def resume(self) -> None:
        """See gateway.networks.Network."""
        self._subscription.resume()

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """See gateway.networks.Network."""
        of = self.settings
        region = of.region.upper() or regions.DEFAULT
        return of.downlink_bytes or most_bytes(region, device.device_class, dr)

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

    async def flush(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        try:
            await self._calls.flush(dev_eui)
        except Retry as error:
            await self._find(dev_eui, error)
            raise

    async def recall(self, dev_eui: str, queue_item_id: str) -> bool:
        """See gateway.networks.Network."""
        found = await about(self._calls, dev_eui, queue_item_id)
        topic = self.settings.own_topic
        self._subscription.give([replace(one, topic=topic(one.topic)) for one in found])
        return bool(found)

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

    async def region(self) -> str:
        """See gateway.networks.Network."""
        async with Calls(self.settings) as calls:
            return await Registry(calls, self.settings).region()

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """See gateway.networks.Network."""
        async with Calls(self.settings) as calls:
            await Registry(calls, self.settings).register(device, app_key, report_s)

    async def unregister(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        async with Calls(self.settings) as calls:
            await Registry(calls, self.settings).unregister(dev_eui)

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return self._subscription.troubles() + self._watch.troubles()

    async def look(self, settle_s: float = SETTLE_S) -> None:
        """Compare what the API shows with what came. settle_s: how long a message may take."""
        if not self._subscription.here:
            return
        try:
            last_seen_ms = await Registry(self._calls, self.settings).last_seen_ms()
        except (ConfigError, Refused, Retry) as error:
            self._watch.say("api", f"{error}; commands and registrations wait for it")
            return
        self._watch.settle("api")
        if self._watch.newer(last_seen_ms) and self._watch.quiet and not self.settings.share:
            await asyncio.sleep(settle_s)
            if self._watch.quiet:
                self._watch.say("silent", _silence(self.settings, self._broker))
        self._watch.mark()

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        await try_subscription(self._broker)
        async with Calls(self.settings) as calls:
            registry = Registry(calls, self.settings)
            await registry.check_tenant()
            found = await registry.application(make=False)
            region = await registry.region()
        has = "has" if found else "takes our key; the first device makes"
        return [
            f"the broker {self._broker.shown} lets us listen to {self._broker.topic}",
            f"the API {self.settings.grpc} {has} the application {self.settings.application!r}",
            f"the devices use the region {region}",
        ]


def _silence(settings: Settings, broker: Broker) -> str:
    """What it means that devices are active and nothing comes."""
    user, _ = broker.user()
    return (
        f"ChirpStack's API shows active devices of the application {settings.application!r}, but "
        f"no message of theirs comes from {broker.shown} on `{broker.topic}`: the operator checks "
        "that ChirpStack publishes to this broker and topic (`[integration.mqtt]`, "
        f"`network.topic_prefix`) and that the broker's ACL lets {user or 'us'} read it"
    )
