"""What each trouble of a device means, who acts next, and its event.

The codes are those of ChirpStack's log events, and ours.
Source: chirpstack-api 4.20, integration.proto, LogCode; texts of ChirpStack 4.20.
"""

from gateway.events import TroubleData
from gateway.model import Device
from gateway.seen import Seen
from gateway.store import Transaction

TWO_BOARDS = "TWO_BOARDS"
DELETED = "DELETED_AT_NETWORK_SERVER"
F_CNT_RESET = "UPLINK_F_CNT_RESET"
SAFE_MODE = "SAFE_MODE"
SICK_SENSOR = "SICK_SENSOR"
QUIET = frozenset({"UPLINK_F_CNT_RETRANSMISSION"})
"""Shown with the device, but no event: a lost acknowledgement causes it."""

CURES = {
    TWO_BOARDS: (
        "two boards send with this DevEUI: their counters alternate; a technician gives each "
        "board a device.json of its own"
    ),
    DELETED: (
        "the network server no longer has this device and drops its frames: somebody deleted it "
        "there; the operator runs `lamplighter device remove` and, where the board stays in use, "
        "`lamplighter device add` with the --dev-eui and --app-key of its device.json"
    ),
    F_CNT_RESET: (
        "its frame counter restarted without a join: the device lost its state, or two boards "
        "share one session; the operator lets it join (OTAA), or keeps the frame counter check on"
    ),
    SAFE_MODE: (
        "the device crashed again and again and is in safe mode: it measures nothing, a lamp is "
        "at full light; the operator corrects its settings or firmware and sends `reboot`; it "
        "tries a normal start each day"
    ),
    SICK_SENSOR: (
        "a sensor of the device is sick, and what it measures is flagged: a technician looks at "
        "its view and its cable, and replaces what stays sick"
    ),
    "UPLINK_MIC": (
        "the signature of its frame (MIC) is wrong, so the network server dropped it: the "
        "operator compares the AppKey on the device with the one at the network server"
    ),
    "OTAA": (
        "the network server refused its join. Where the DevNonce was used before, the board lost "
        "its storage or was exchanged: the operator deletes the device's OTAA nonces at the "
        "network server"
    ),
    "UPLINK_F_CNT_RETRANSMISSION": (
        "it sent a frame again that the network server had: an acknowledgement was lost; nobody "
        "acts unless it happens often, then the operator improves the reception"
    ),
    "UPLINK_CODEC": (
        "the network server's own codec failed; readings here are not affected: the operator "
        "mends or removes the codec in its device profile"
    ),
    "DOWNLINK_CODEC": (
        "the network server's own codec could not encode a downlink: the operator mends or "
        "removes the codec in its device profile"
    ),
    "DOWNLINK_GATEWAY": (
        "no radio gateway could transmit a downlink; the gateway sends a command again: where it "
        "happens often, the operator checks the radio gateway's delay and duty cycle"
    ),
    "DOWNLINK_PAYLOAD_SIZE": (
        "a downlink is too long for the device's data rate; who queued it sends less at a time"
    ),
    "F_CNT_DOWN": "a downlink's counter was wrong; who queued it outside this gateway repeats it",
    "EXPIRED": "a downlink expired in the network server's queue; who queued it asks again",
    "RELAY_NEW_END_DEVICE": "a relay heard it for the first time; nobody needs to act",
}


def sentence(code: str, description: str = "") -> str:
    """What a trouble means. description: its own words, or the device's."""
    cure = CURES.get(code) or (
        f"the network server reports {code}; the operator looks up the device's events there"
    )
    words = " ".join(description.split())[:200]
    who = "device" if code in {SAFE_MODE, SICK_SENSOR} else "network server"
    return f"{cure} (the {who} says: {words})" if words else cure


def note(
    tx: Transaction, device: Device, seen: Seen, code: str, *, description: str, now_ms: int
) -> None:
    """Note that something is wrong with a device; the first in an hour makes an event.

    seen: of the device; the caller puts it back.
    """
    reason = sentence(code, description)
    count = seen.troubles.note(code, reason, now_ms)
    if count and code not in QUIET:
        data = TroubleData(
            dev_eui=device.dev_eui, device=device.name, code=code, reason=reason, count=count
        )
        tx.append("trouble", device.dev_eui, now_ms, data)
