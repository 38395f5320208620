"""EU863-870. Source: RP002-1.0.4, 2.4; duty cycles ETSI EN 300 220-2, annex B."""

DATARATES = (
    (12, 125000),
    (11, 125000),
    (10, 125000),
    (9, 125000),
    (8, 125000),
    (7, 125000),
    (7, 250000),
)
"""(spreading factor, bandwidth in Hz) by data rate; FSK and LR-FHSS are not for this radio."""

MAX_PAYLOAD = (51, 51, 51, 115, 242, 242, 242)
"""N: application bytes with empty FOpts, by data rate, no repeater."""

CHANNELS = (868100000, 868300000, 868500000)
CHANNEL_DR = (0, 5)
CHANNELS_MAX = 16
RX2_FREQ, RX2_DR = 869525000, 0
RX1_OFFSET_MAX = 5
MAX_EIRP_DBM = 16
POWER_MAX = 7

BANDS = (
    (863000000, 865000000, 1000),
    (865000000, 868000000, 100),
    (868000000, 868600000, 100),
    (868700000, 869200000, 1000),
    (869400000, 869650000, 10),
    (869700000, 870000000, 100),
)
"""(low Hz, high Hz, one part of time in)."""

_JOIN_DR = (5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0)


def band(freq: int) -> int:
    """Index of the sub-band of a frequency in Hz, or -1 where the region allows none."""
    for at in range(len(BANDS)):
        if BANDS[at][0] <= freq < BANDS[at][1]:
            return at
    return -1


def rx1_dr(dr: int, offset: int) -> int:
    """Data rate of RX1 for an uplink's."""
    return max(dr - offset, 0)


def join_dr(attempt: int) -> int:
    """Data rate of the n-th join attempt: two of each, so that the near ones cost little air."""
    return _JOIN_DR[attempt % len(_JOIN_DR)]


def apply_mask(_mask: int, control: int, wanted: int, defined: int) -> "int | None":
    """Channel mask after one LinkADRReq, or None where it asks for what is not there."""
    if control == 6:
        return defined
    return wanted if control == 0 and not wanted & ~defined else None
