"""The queue part of DeviceService: Enqueue, FlushQueue, GetQueue, GetNextFCntDown."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/device.proto

from chirpstack_api import api
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty

from tools.bench.network import codec
from tools.bench.network.api.call import Backend, Context, rpc
from tools.bench.network.api.reading import CallError, Code, eui, part
from tools.bench.network.events import micros, timestamp
from tools.bench.network.registry import QueueItem, Registry, StorageError


class DeviceQueue(api.DeviceServiceServicer):
    """One device's downlinks."""

    backend: Backend
    registry: Registry

    @rpc
    def Enqueue(
        self, request: api.EnqueueDeviceQueueItemRequest, context: Context
    ) -> api.EnqueueDeviceQueueItemResponse:
        asked = part(request, "queue_item")
        dev_eui = eui(asked.dev_eui)
        self.backend.may_device(context, dev_eui, write=True)
        if asked.is_encrypted:
            raise CallError(
                Code.UNIMPLEMENTED, "the bench server takes no payload encrypted by the caller"
            )
        f_port, data = self._payload(asked, dev_eui)
        if not f_port:
            raise CallError(
                Code.INVALID_ARGUMENT, "Validation error: FPort must be between 1 - 255"
            )
        device = self.registry.devices.get(dev_eui)
        if device is None:
            raise StorageError("FOREIGN KEY constraint failed")
        if request.flush_queue:
            device.queue[:] = [item for item in device.queue if item.pending]
        item = QueueItem(
            self.backend.core.uuid(), f_port, data, asked.confirmed,
            micros(asked.expires_at) if asked.HasField("expires_at") else None,
        )  # fmt: skip
        device.queue.append(item)
        self.backend.core.enqueued(self.backend.now_us())
        self.backend.wake()
        return api.EnqueueDeviceQueueItemResponse(id=item.id)

    def _payload(self, asked: api.DeviceQueueItem, dev_eui: str) -> tuple[int, bytes]:
        """(FPort, payload); an `object` without a codec becomes an empty one, silently."""
        f_port = asked.f_port & 0xFF
        if not asked.HasField("object"):
            return f_port, asked.data
        device = self.registry.device(dev_eui)
        fields = json_format.MessageToDict(asked.object)
        profile = self.registry.profile_of(device)
        try:
            return codec.to_payload(profile, device.message, f_port, fields)
        except codec.CodecError as error:
            raise CallError(Code.INTERNAL, str(error)) from None

    @rpc
    def FlushQueue(self, request: api.FlushDeviceQueueRequest, context: Context) -> Empty:
        dev_eui = eui(request.dev_eui)
        self.backend.may_device(context, dev_eui, write=True)
        if dev_eui in self.registry.devices:
            self.registry.devices[dev_eui].queue.clear()
        return Empty()

    @rpc
    def GetQueue(
        self, request: api.GetDeviceQueueItemsRequest, context: Context
    ) -> api.GetDeviceQueueItemsResponse:
        dev_eui = eui(request.dev_eui)
        self.backend.may_device(context, dev_eui)
        device = self.registry.devices.get(dev_eui)
        items = [_item(dev_eui, item) for item in (device.queue if device else [])]
        return api.GetDeviceQueueItemsResponse(total_count=len(items), result=items)

    @rpc
    def GetNextFCntDown(
        self, request: api.GetDeviceNextFCntDownRequest, context: Context
    ) -> api.GetDeviceNextFCntDownResponse:
        dev_eui = eui(request.dev_eui)
        self.backend.may_device(context, dev_eui)
        session = self.registry.device(dev_eui).session
        return api.GetDeviceNextFCntDownResponse(f_cnt_down=session.f_cnt_down if session else 0)


def _item(dev_eui: str, item: QueueItem) -> api.DeviceQueueItem:
    shown = api.DeviceQueueItem(
        id=item.id, dev_eui=dev_eui, confirmed=item.confirmed, f_port=item.f_port, data=item.data,
        is_pending=item.pending, f_cnt_down=item.f_cnt_down or 0,
    )  # fmt: skip
    if item.expires_us is not None:
        shown.expires_at.CopyFrom(timestamp(item.expires_us))
    return shown
