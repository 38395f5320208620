"""Keys of `[network]` for ChirpStack."""

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "chirpstack"`.

    mqtt: `mqtt://host:port` or `mqtts://...`.  client_id: of the MQTT session, one per service.
    grpc: `http://host:port` of ChirpStack's API, or `https://...`.  api_key: made in ChirpStack.
    tenant_id: may be empty with an admin key and one tenant.  application: its name, created if
    missing; devices of others are ignored.  region: of the device profiles.
    downlink_bytes: what a downlink carries at any data rate, where RX2 is not at the region's
    default or radio gateways stand behind a repeater; none: by gateway/regions.py.
    timeout_s: of one call.
    """

    mqtt: str = "mqtt://127.0.0.1:1883"
    grpc: str = "http://127.0.0.1:8080"
    api_key: str = ""
    username: str = ""
    password: str = ""
    client_id: str = "lamplighter"
    tenant_id: str = ""
    application: str = "lamplighter"
    region: str = "EU868"
    downlink_bytes: Annotated[int, Meta(ge=1, le=242)] | None = None
    timeout_s: float = 5.0
