"""What passes between the gateway and a network server: notices up, downlinks down.

All are frozen. Instants are integers of milliseconds since 1970 named `_at_ms`. EUIs, addresses
and keys are lower-case hexadecimal text.
"""

from collections.abc import Callable

from msgspec import Struct, field


class Link(Struct, frozen=True, kw_only=True):
    """How a frame was received: the best of its receptions.

    rssi_dbm, snr_db: at that radio gateway.  dr: LoRaWAN data rate index.  fcnt: FCntUp.
    gateway: id of the radio gateway.
    """

    bearer: str = "lorawan"
    rssi_dbm: int | None = None
    snr_db: float | None = None
    dr: int | None = None
    fcnt: int | None = None
    gateway: str | None = None


class _Notice(Struct, frozen=True, kw_only=True):
    """What every notice has.

    id: the network server's, the same at each delivery.  at_ms: when it happened, by the network
    server; 0: unknown.  foreign: the network server keeps the device in another application, so
    that a device which nobody added here is none of ours.
    """

    dev_eui: str
    id: str
    at_ms: int
    foreign: bool = False


class Joined(_Notice, frozen=True, kw_only=True, tag="joined"):
    """A device joined and has a new session. dev_addr: its new DevAddr; empty: unknown."""

    dev_addr: str


class Uplink(_Notice, frozen=True, kw_only=True, tag="uplink"):
    """One frame of a device, decrypted.

    dev_addr: empty: unknown.  fcnt: FCntUp, 32 bits.
    fport: 0 with no data where the frame carries nothing for the application.
    """

    dev_addr: str
    fcnt: int
    fport: int
    data: bytes
    link: Link = field(default_factory=Link)


class Transmitted(_Notice, frozen=True, kw_only=True, tag="transmitted"):
    """A radio gateway took a downlink for transmission; whether it was received is unknown."""

    queue_item_id: str


class Answered(_Notice, frozen=True, kw_only=True, tag="answered"):
    """A confirmed downlink was acknowledged by the device, or the wait for that timed out."""

    queue_item_id: str
    acknowledged: bool


class Trouble(_Notice, frozen=True, kw_only=True, tag="trouble"):
    """The network server reports a failure, as a dropped downlink or a wrong MIC.

    code: the server's own (`EXPIRED`, `DOWNLINK_PAYLOAD_SIZE`, `UPLINK_MIC`, ...).
    queue_item_id: empty when it names none. dropped: the item is gone from the server's queue.
    """

    code: str
    description: str
    queue_item_id: str = ""
    dropped: bool = False


class Status(_Notice, frozen=True, kw_only=True, tag="status"):
    """The device's answer to the network server's status request.

    battery_percent: None is unknown.
    """

    margin_db: int
    battery_percent: float | None = None


Notice = Joined | Uplink | Transmitted | Answered | Trouble | Status
"""Every kind of notice; each has dev_eui, id and at_ms."""


class Envelope(Struct, frozen=True):
    """One message of the network server as it came.

    topic: where it came from.  body: its bytes.
    acknowledge: confirms the message to the server's broker once it is kept. It belongs to the
    connection on which the message came and does nothing after a reconnect (the broker then
    delivers the message again). Call it in the order of receipt.
    """

    topic: str
    body: bytes
    acknowledge: Callable[[], None]


class Downlink(Struct, frozen=True, kw_only=True):
    """One frame for a device, as the network server gets it.

    fport: 1..223.  flush: first remove the device's other frames from the server's queue, except
    one that is being transmitted.
    """

    dev_eui: str
    fport: int
    data: bytes
    confirmed: bool
    expires_at_ms: int
    flush: bool = False


class Receipt(Struct, frozen=True):
    """The network server took a downlink. queue_item_id: its id in all later notices."""

    queue_item_id: str
