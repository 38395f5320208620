"""Payload codecs of device profiles: an uplink's `object`, and a downlink given as one.

Source: ChirpStack 4.20.0, codec/mod.rs.
"""

from collections.abc import Mapping
from typing import Any

from chirpstack_api import api

from tools.bench.network.codec import javascript
from tools.bench.network.codec.javascript import CodecError

__all__ = ["CodecError", "from_payload", "to_payload"]

NO_CAYENNE = "the bench server runs JavaScript codecs only, no Cayenne LPP"


def from_payload(
    profile: api.DeviceProfile, device: api.Device, f_port: int, data: bytes, received_us: int
) -> dict[str, Any] | None:
    """The fields of an uplink's `object`; None without a codec. Raises CodecError.

    received_us: Unix microseconds.
    """
    if not _runs(profile):
        return None
    script = profile.payload_codec_script
    return javascript.decode(script, f_port, data, received_us, device.variables)


def to_payload(
    profile: api.DeviceProfile, device: api.Device, f_port: int, fields: Mapping[str, Any]
) -> tuple[int, bytes]:
    """(FPort, payload) of a downlink; without a codec an empty payload. Raises CodecError."""
    if not _runs(profile):
        return f_port, b""
    return javascript.encode(profile.payload_codec_script, f_port, fields, device.variables)


def _runs(profile: api.DeviceProfile) -> bool:
    runtimes = api.CodecRuntime
    if profile.payload_codec_runtime == runtimes.CAYENNE_LPP:
        raise CodecError(NO_CAYENNE)
    return profile.payload_codec_runtime == runtimes.JS
