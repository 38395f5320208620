"""DeviceService: activation, by hand or as it is now."""

# ruff: noqa: D102, N802 - the methods are named and documented by ChirpStack's own api/device.proto

from chirpstack_api import api
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.api.call import Context, rpc
from tools.bench.network.api.device_keys import DeviceKeys
from tools.bench.network.api.reading import eui, hexadecimal, part
from tools.bench.network.registry import Device, Session


class DeviceActivation(DeviceKeys):
    """Activate, Deactivate, GetActivation, GetRandomDevAddr."""

    def _one(self, context: Context, text: str, *, write: bool = False) -> Device:
        dev_eui = eui(text)
        self.backend.may_device(context, dev_eui, write=write)
        return self.registry.device(dev_eui)

    @rpc
    def Activate(self, request: api.ActivateDeviceRequest, context: Context) -> Empty:
        asked = part(request, "device_activation")
        device = self._one(context, asked.dev_eui, write=True)
        session = Session(
            hexadecimal(asked.dev_addr, 4),
            bytes.fromhex(hexadecimal(asked.nwk_s_enc_key, 16)),
            bytes.fromhex(hexadecimal(asked.app_s_key, 16)),
            asked.f_cnt_up,
            asked.n_f_cnt_down,
        )
        profile = self.registry.profile_of(device)
        if profile.flush_queue_on_activate:
            device.queue.clear()
        device.session = session
        device.set_class(supports_class_c=profile.supports_class_c)
        return Empty()

    @rpc
    def Deactivate(self, request: api.DeactivateDeviceRequest, context: Context) -> Empty:
        device = self._one(context, request.dev_eui, write=True)
        device.session = None
        device.queue.clear()
        return Empty()

    @rpc
    def GetActivation(
        self, request: api.GetDeviceActivationRequest, context: Context
    ) -> api.GetDeviceActivationResponse:
        device = self._one(context, request.dev_eui)
        session = device.session
        if session is None:
            return api.GetDeviceActivationResponse()
        nwk = session.nwk_s_key.hex()
        return api.GetDeviceActivationResponse(
            device_activation=api.DeviceActivation(
                dev_eui=device.dev_eui, dev_addr=session.dev_addr,
                app_s_key=session.app_s_key.hex(),
                nwk_s_enc_key=nwk, s_nwk_s_int_key=nwk, f_nwk_s_int_key=nwk,
                f_cnt_up=session.f_cnt_up, n_f_cnt_down=session.f_cnt_down,
            )
        )  # fmt: skip

    @rpc
    def GetRandomDevAddr(
        self, request: api.GetRandomDevAddrRequest, context: Context
    ) -> api.GetRandomDevAddrResponse:
        self._one(context, request.dev_eui)
        return api.GetRandomDevAddrResponse(
            dev_addr=f"{self.backend.core.random.getrandbits(25):08x}"
        )
