"""Joining with a fixed plan, and what the network sets in it: CFList, ChMask.

Source: RP002-1.0.4, 2.5 and 2.8 (CFList type 1, ChMaskCntl); TS001-1.0.4, 5.6 and 5.11.
"""

from lorawan import const
from lorawan.plan import limits

_NARROW = (1 << 64) - 1
_BANK = const(0xFFFF)
_BLOCK = const(0xFF)
_BLOCKS = const(8)
_FIRST_WIDE = const(64)

new_channel = dl_channel = None
"""Dropped without an answer: the channels of a fixed plan cannot be changed."""


def receives(plan, dr: int) -> bool:
    """Whether a downlink may have this data rate."""
    return plan.region.DOWN_DR[0] <= dr <= plan.region.DOWN_DR[1]


def reset(plan) -> None:
    """All channels enabled; the region's limits."""
    enable_own(plan)
    limits.reset(plan)


def enable_own(plan) -> None:
    """Enable all channels."""
    plan.mask = (1 << 72) - 1


def join(plan, attempt: int, seed: int, _tier: int) -> tuple:
    """(data rate, channels) of the n-th Join-Request since the first.

    A pass of nine tries one channel of each block of eight and then a wide one, so that the
    network's block is met soon; eight passes use every channel once. seed: 30 bits, which
    let devices take the channels in different orders.  Source: RP002-1.0.4, 2.5.2.
    """
    turn = attempt // (_BLOCKS + 1)
    block = attempt % (_BLOCKS + 1)
    narrow_dr, wide_dr = plan.region.JOIN_DRS
    at = ((seed >> 3 * block) + turn * (seed >> 26 | 1)) % _BLOCKS
    if block == _BLOCKS:
        return wide_dr, [_FIRST_WIDE + at]
    return narrow_dr, [_BLOCKS * block + at]


def accept_hz(plan, channel: int) -> int:
    """Frequency of RX1 after a Join-Request."""
    return plan.down_hz(channel)


def begin(plan, cflist: bytes) -> None:
    """Channels after a Join-Accept. cflist: 16 bytes, or none. Type 1: ChMask 0 to 4.

    A mask that leaves no channel for the slowest data rate is ignored.
    """
    reset(plan)
    if len(cflist) < 16 or cflist[15] != 1:
        return
    plan.mask = int.from_bytes(cflist[:9], "little")
    if not plan.usable(plan.lowest_dr):
        enable_own(plan)


def masked(plan, mask: int, control: int, wanted: int) -> "int | None":
    """`mask` after one LinkADRReq; None where ChMaskCntl is RFU.

    0..3: 16 narrow channels. 4: the wide ones. 5: bit n is block n and its wide channel.
    6, 7: all narrow channels on or off, and ChMask is the wide ones.
    """
    wide = (wanted & _BLOCK) << 64
    if control < 4:
        shift = 16 * control
        return mask & ~(_BANK << shift) | wanted << shift
    if control == 4:
        return mask & _NARROW | wide
    if control == 5:
        blocks = [_BLOCK << 8 * at for at in range(8) if wanted >> at & 1]
        return sum(blocks) | wide
    return wide | (_NARROW if control == 6 else 0)


def pack(plan) -> bytes:
    """Nothing beside the mask."""
    return b""


def unpack(plan, blob: bytes) -> None:
    """Nothing beside the mask."""
