"""What the server publishes: application events, and downlink frames for radio gateways."""

from chirpstack_api import gw, integration
from google.protobuf.message import Message

from tools.bench.network.events import Event, timestamp
from tools.bench.network.registry import Device, QueueItem, Registry

Output = Event | gw.DownlinkFrame


class Outbox:
    """Collects outputs in order until `take`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._waiting: list[Output] = []

    def take(self) -> list[Output]:
        """Everything put in since the last call."""
        taken = self._waiting
        self._waiting = []
        return taken

    def transmit(self, frame: gw.DownlinkFrame) -> None:
        """Puts in a downlink for the radio gateway that it names."""
        self._waiting.append(frame)

    def emit(self, kind: str, device: Device, message: Message) -> None:
        """Puts in an event. kind: up, join, ack, txack, log or status."""
        self._waiting.append(
            Event(device.message.application_id, device.dev_eui, kind, message),
        )

    def report(
        self,
        device: Device,
        now_us: int,
        code: str,
        description: str,
        *,
        level: str = "ERROR",
        **context: str,
    ) -> None:
        """Puts in a `log` event. code, level: names of ChirpStack's LogCode and LogLevel."""
        event = integration.LogEvent(
            time=timestamp(now_us),
            device_info=self._registry.info(device),
            level=level,
            code=code,
            description=description,
            context=context,
        )
        self.emit("log", device, event)

    def acknowledge(
        self, device: Device, item: QueueItem, time_us: int, *, acknowledged: bool, uplink_id: str
    ) -> None:
        """Puts in the `ack` event of a confirmed item.

        uplink_id: deduplication id of the uplink that decided it, "" for a time-out.
        """
        event = integration.AckEvent(
            deduplication_id=uplink_id,
            time=timestamp(time_us),
            device_info=self._registry.info(device),
            queue_item_id=item.id,
            acknowledged=acknowledged,
            f_cnt_down=item.f_cnt_down or 0,
        )
        self.emit("ack", device, event)
