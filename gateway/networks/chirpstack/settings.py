"""Keys of `[network]` for ChirpStack."""

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "chirpstack"`.

    mqtt: the broker ChirpStack publishes to, `mqtt://host:port`; `mqtts://` with TLS.
    grpc: ChirpStack's API, `http://host:port`; `https://` with TLS.  api_key: made in ChirpStack.
    username: of the broker.  password: of the broker.
    client_id: MQTT client id, which names the session; one per service.
    tenant_id: may be empty with an admin key and one tenant.
    application: its name, created if missing; devices of other applications are ignored.
    region: of the device profiles.
    downlink_bytes: largest downlink at any data rate, where RX2 is not at the region's default or
    radio gateways stand behind a repeater; else by region and data rate.
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
