"""ChirpStack's events in JSON: the fields that are read here.

ChirpStack omits a field that is zero. Source: chirpstack-api 4.20, integration.proto.
"""

from msgspec import Struct


class Info(Struct, rename="camel"):
    """The device of an event."""

    dev_eui: str
    application_name: str


class Event(Struct, rename="camel"):
    """Fields of every event."""

    time: str
    device_info: Info


class Identified(Event, rename="camel"):
    """Fields of an event with an id of its own."""

    deduplication_id: str


class Join(Identified, rename="camel"):
    """A device joined."""

    dev_addr: str


class RxInfo(Struct, rename="camel"):
    """One reception by one radio gateway."""

    gateway_id: str = ""
    rssi: int = 0
    snr: float = 0.0


class Up(Identified, rename="camel"):
    """An uplink."""

    dev_addr: str
    f_cnt: int = 0
    f_port: int = 0
    dr: int = 0
    data: bytes = b""
    rx_info: list[RxInfo] = []


class TxAck(Event, rename="camel"):
    """A radio gateway accepted a downlink."""

    queue_item_id: str
    downlink_id: int = 0


class Ack(Identified, rename="camel"):
    """A confirmed downlink was acknowledged or timed out."""

    queue_item_id: str
    acknowledged: bool = False


class Log(Event, rename="camel"):
    """An entry of ChirpStack's log about a device."""

    code: str
    description: str = ""
    context: dict[str, str] = {}


class Status(Identified, rename="camel"):
    """A device status."""

    margin: int = 0
    battery_level_unavailable: bool = False
    battery_level: float = 0.0
