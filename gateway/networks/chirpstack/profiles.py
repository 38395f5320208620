"""Device profiles at ChirpStack: one for each profile of a board of ours, one for each decoder.

A profile that exists is left as its operator set it; only an older codec of ours is renewed.
"""

from pathlib import Path
from typing import Any

from gateway.errors import ConfigError
from gateway.model import Device
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.stubs import api, common

CLASS_C_ANSWER_S = 30
"""Seconds ChirpStack waits for the acknowledgement of a class C downlink; 0 fails every one."""
PAGE = 1000
TAG = "lamplighter"
"""The tag on each device and device profile of ours; its value is the profile or decoder."""
CODECS = Path(__file__).parents[2] / "generated" / "codecs"
CODEC_MARK = "// Lamplighter's payload codec"
"""How every codec of ours begins."""


def kind_of(device: Device) -> str:
    """What the device is: the profile of a board of ours, else its decoder."""
    return device.profile or device.decoder


def made_by(device: Device) -> str:
    """Description of what was created for the device."""
    return f"Made by lamplighter: {kind_of(device)}."


class Profiles:
    """The device profiles of one tenant. region: as the LoRa Alliance writes it, like EU868."""

    def __init__(self, calls: Calls, region: str, tenant_id: str) -> None:
        self._calls = calls
        self._region = region
        self._tenant_id = tenant_id

    async def of(self, device: Device, report_s: int) -> str:
        """The id of the profile that fits the device, made when missing. Raises ConfigError."""
        stub = api.DeviceProfileServiceStub(self._calls.channel())
        wanted = self._wanted(device, report_s)
        listed = api.ListDeviceProfilesRequest(
            limit=PAGE, search=wanted.name, tenant_id=self._tenant_id
        )
        found = await named(self._calls, stub.List, listed)
        if found:
            await self._renew(found, wanted)
            return found
        request = api.CreateDeviceProfileRequest(device_profile=wanted)
        return (await self._calls.call(stub.Create, request)).id

    async def _renew(self, profile_id: str, wanted: Any) -> None:
        """Replace an older codec of ours; one that an operator wrote stays. Raises ConfigError."""
        stub = api.DeviceProfileServiceStub(self._calls.channel())
        reply = await self._calls.call(stub.Get, api.GetDeviceProfileRequest(id=profile_id))
        profile = reply.device_profile
        if profile.region != wanted.region:
            raise ConfigError(
                f"the device profile {profile.name!r} has the region "
                f"{common.Region.Name(profile.region)}, the devices have {self._region}: set it "
                "right at the network server, or delete the profile there"
            )
        codec = wanted.payload_codec_script
        if profile.payload_codec_script in {"", codec}:
            return
        if profile.payload_codec_script.startswith(CODEC_MARK):
            profile.payload_codec_script = codec
            await self._calls.call(
                stub.Update, api.UpdateDeviceProfileRequest(device_profile=profile)
            )

    def _wanted(self, device: Device, report_s: int) -> Any:
        kind = kind_of(device)
        ending = "" if device.profile else f" class {device.device_class}"
        codec = _codec(device.decoder)
        return api.DeviceProfile(
            tenant_id=self._tenant_id,
            name=f"lamplighter {kind} {self._region}{ending}",
            description=made_by(device),
            region=self._region,
            mac_version=common.LORAWAN_1_0_4,
            reg_params_revision=common.RP002_1_0_3,
            adr_algorithm_id="default",
            uplink_interval=report_s,
            device_status_req_interval=1,
            supports_otaa=True,
            supports_class_c=device.device_class == "C",
            class_c_timeout=CLASS_C_ANSWER_S,
            payload_codec_runtime=api.CodecRuntime.JS if codec else api.CodecRuntime.NONE,
            payload_codec_script=codec,
            auto_detect_measurements=bool(codec),
            tags={TAG: kind},
        )


def _codec(decoder: str) -> str:
    """The JavaScript codec of a decoder; empty where there is none."""
    path = CODECS / f"{decoder}.js"
    return path.read_text(encoding="utf-8") if path.exists() else ""


async def named(calls: Calls, method: Any, listed: Any) -> str:
    """The id of the object named exactly as searched, else empty; the search is by substring."""
    reply = await calls.call(method, listed)
    return next((one.id for one in reply.result if one.name == listed.search), "")
