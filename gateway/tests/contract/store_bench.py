"""What the suites of the store share."""

from gateway.events import JoinedData
from gateway.model import Device, Endpoint

BIN = Device("a1", "bin", "bin", "00", "A", 1)
LAMP = Device("b2", "lamp", "lamp", "00", "C", 2)
HOOK = Endpoint(id="h1", url="http://x/", secret="whsec_x")


def joined(tx, dev_eui="a1", at_ms=1000):
    return tx.append(
        "joined", dev_eui, at_ms, JoinedData(dev_eui=dev_eui, device="x", dev_addr="01")
    )
