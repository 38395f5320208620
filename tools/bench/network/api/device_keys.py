"""The keys' part of DeviceService. LoRaWAN 1.0.x has one root key, and it is `nwk_key`."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/device.proto

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Context, rpc
from tools.bench.network.api.device_queue import DeviceQueue
from tools.bench.network.api.reading import eui, hexadecimal, part, times
from tools.bench.network.registry import Device, MissingError, StorageError, Stored


class DeviceKeys(DeviceQueue):
    """One device's keys and used nonces."""

    @rpc
    def CreateKeys(self, request: api.CreateDeviceKeysRequest, context: Context) -> Empty:
        message = self._keys(request, context)
        device = self.registry.devices.get(message.dev_eui)
        if device is None:
            raise StorageError("FOREIGN KEY constraint failed")
        if device.keys is not None:
            raise StorageError("UNIQUE constraint failed: device_keys.dev_eui")
        now = self.backend.now_us()
        device.keys = Stored(message, now, now)
        return Empty()

    @rpc
    def GetKeys(
        self, request: api.GetDeviceKeysRequest, context: Context
    ) -> api.GetDeviceKeysResponse:
        keys = self._with_keys(eui(request.dev_eui), context).keys
        assert keys is not None
        return api.GetDeviceKeysResponse(device_keys=keys.message, **times(keys))

    @rpc
    def UpdateKeys(self, request: api.UpdateDeviceKeysRequest, context: Context) -> Empty:
        message = self._keys(request, context)
        keys = self._with_keys(message.dev_eui, context).keys
        assert keys is not None
        keys.message = message
        keys.updated_us = self.backend.now_us()
        return Empty()

    @rpc
    def DeleteKeys(self, request: api.DeleteDeviceKeysRequest, context: Context) -> Empty:
        device = self._with_keys(eui(request.dev_eui), context, write=True)
        device.keys = None
        device.dev_nonces = set()
        device.join_nonce = 0
        return Empty()

    @rpc
    def FlushDevNonces(self, request: api.FlushDevNoncesRequest, context: Context) -> Empty:
        self._with_keys(eui(request.dev_eui), context, write=True).dev_nonces.clear()
        return Empty()

    def _keys(self, request: object, context: Context) -> api.DeviceKeys:
        message = part(request, "device_keys")
        message.dev_eui = eui(message.dev_eui)
        for name in ("nwk_key", "app_key", "gen_app_key"):
            setattr(message, name, hexadecimal(getattr(message, name), 16))
        self.backend.may_device(context, message.dev_eui, write=True)
        return message

    def _with_keys(self, dev_eui: str, context: Context, *, write: bool = False) -> Device:
        self.backend.may_device(context, dev_eui, write=write)
        device = self.registry.devices.get(dev_eui)
        if device is None or device.keys is None:
            raise MissingError(dev_eui)
        return device
