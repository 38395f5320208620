"""Keys of `[network]` for ChirpStack."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "chirpstack"`.

    mqtt: the broker ChirpStack publishes to, `mqtt://[user:password@]host:port`; `mqtts://` with
    TLS.
    grpc: ChirpStack's API, `http://host:port`; `https://` with TLS.  api_key: made in ChirpStack.
    username: of the broker, instead of one in `mqtt`.  password: of the broker.
    ca_file: PEM file of the authorities that sign the certificates of broker and API; without it
    the system's.
    cert_file: PEM file of our certificate, where broker or API asks for one.
    key_file: its key; without it in `cert_file`.
    topic_prefix: what comes before `application/` in ChirpStack's `event_topic`.
    share: name of a shared subscription, `$share/<share>/...`, for a broker or a second service
    that needs one; each event goes to one service of the same `share`.
    client_id: MQTT client id, which names the session; one per service.
    tenant_id: may be empty with an admin key and one tenant.
    application: its name, created if missing; devices of other applications are ignored.
    region: of the devices, like `EU868`; empty: the only one that the server has, else `EU868`.
    downlink_bytes: largest downlink at any data rate, where RX2 is not at the region's default or
    radio gateways stand behind a repeater; else by region and data rate.
    timeout_s: of one call.
    """

    mqtt: str = "mqtt://127.0.0.1:1883"
    grpc: str = "http://127.0.0.1:8080"
    api_key: str = ""
    username: str = ""
    password: str = ""
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    topic_prefix: Annotated[str, Meta(pattern=r"^([^/+#$][^+#]*)?$")] = ""
    share: Annotated[str, Meta(pattern=r"^[^/+#]*$")] = ""
    client_id: str = "lamplighter"
    tenant_id: str = ""
    application: str = "lamplighter"
    region: str = ""
    downlink_bytes: Annotated[int, Meta(ge=1, le=242)] | None = None
    timeout_s: float = 5.0

    def topic_filter(self, topic: str) -> str:
        """The MQTT topic filter for a filter of ChirpStack's default topics."""
        share = f"$share/{self.share}/" * bool(self.share)
        return share + self.own_topic(topic)

    def own_topic(self, topic: str) -> str:
        """A topic of ChirpStack's default, with our prefix."""
        prefix = self.topic_prefix.strip("/")
        return f"{prefix}/" * bool(prefix) + topic

    def default_topic(self, topic: str) -> str:
        """The topic as ChirpStack's default has it, without our prefix."""
        prefix = self.topic_prefix.strip("/")
        return topic.removeprefix(f"{prefix}/") if prefix else topic
