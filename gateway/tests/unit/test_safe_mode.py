"""Safe mode of our own devices: from the frame to the event."""

from wire.codec import frame, pack
from wire.meaning import EXAMPLES

from gateway import troubles
from gateway.devices import Fault
from gateway.devices.lamplighter import decode
from gateway.model import Device
from gateway.notices import Uplink

DEVICE = Device("00000000000000a1", "lamp", "lamp", "00")
SENT = {"dev_eui": DEVICE.dev_eui, "id": "1", "at_ms": 1, "dev_addr": "01", "fcnt": 1}


def fault(data: bytes) -> Fault:
    (found,) = decode(DEVICE, Uplink(fport=22, data=data, **SENT))
    assert isinstance(found, Fault)
    return found


def test_safe_mode_is_a_fault_with_the_crashes_and_the_last_exception():
    whole, none = [frame([pack("safe", one)]) for one in EXAMPLES["safe"]]

    assert fault(whole) == Fault(
        code=troubles.SAFE_MODE, description="5 crashes, the last: OSError: 5"
    )
    assert fault(none).description == "65535 crashes, the last: watchdog"
    cut = bytes([10]) + whole[1:11]
    assert fault(cut).description == "5 crashes, the last: OSErro"
