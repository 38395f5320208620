"""What one downlink carries, and how long it takes, by LoRaWAN region and data rate.

Source: RP002-1.0.4, each region's maximum payload size without repeater (N: FOpts is empty) and
RX2 defaults; 2.4.6 and 2.4.7 for EU868. MAC commands of the network server in the same frame
take up to 15 bytes of it.
"""

import math
from typing import Literal

from msgspec import Struct

ANYWHERE = 51
"""Bytes that a downlink carries in every region at the data rate of its RX2."""


class Region(Struct, frozen=True):
    """most: N in bytes by data rate, also that of RX1, as RX1DROffset is 0.  rx2_dr: of RX2."""

    most: tuple[int, ...]
    rx2_dr: int


REGIONS = {
    "EU868": Region((51, 51, 51, 115, 242, 242, 242, 242), 0),
    "IN865": Region((51, 51, 51, 115, 242, 242), 2),
}
"""A region that is not here carries ANYWHERE."""


def most_bytes(region: str, device_class: Literal["A", "C"], dr: int | None) -> int:
    """What one downlink to a device carries, bytes.

    A device of class C listens at RX2's data rate. One of class A first listens at that of its
    last uplink, and this first window decides at the network server. dr: of the last uplink; None
    before the first, then RX2 decides.
    Source: ChirpStack 4.20, downlink/data.rs.
    """
    known = REGIONS.get(region)
    if known is None:
        return ANYWHERE
    if device_class == "C" or dr is None or dr >= len(known.most):
        dr = known.rx2_dr
    return known.most[dr]


FRAME_BYTES = 13
"""Of a data frame beside its payload: MHDR, DevAddr, FCtrl, FCnt, FPort, MIC.
Source: LoRaWAN 1.0.4, 4."""
_PREAMBLE = 12.25
"""Symbols before the header. Source: Semtech AN1200.13, RP002-1.0.4 (preamble of 8)."""


def airtime_ms(
    region: str, device_class: Literal["A", "C"], dr: int | None, payload_bytes: int
) -> int:
    """How long one downlink to a device is on the air, ms; arguments as of `most_bytes`.

    A region that is not here is taken as EU868. Up to DR 5 both are SF12 to SF7 at 125 kHz, what
    is faster counts as DR 5. Source: RP002-1.0.4; Semtech AN1200.13, coding rate 4/5, no CRC.
    """
    rx2_dr = REGIONS.get(region, REGIONS["EU868"]).rx2_dr
    used = rx2_dr if device_class == "C" or dr is None else dr
    factor = 12 - min(used, 5)
    symbol_ms = 2**factor / 125
    slow = 2 if factor >= 11 else 0
    bits = 8 * (payload_bytes + FRAME_BYTES) - 4 * factor + 28
    symbols = 8 + max(-(-bits // (4 * (factor - slow))) * 5, 0)
    return math.ceil((_PREAMBLE + symbols) * symbol_ms)
