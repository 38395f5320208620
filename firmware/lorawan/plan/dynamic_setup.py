"""Joining with a dynamic plan, and what the network sets in it.

Source: RP002-1.0.4, 2.4 (CFList, ChMaskCntl); TS001-1.0.4, 5.6 and 5.11.
"""

import struct

from lorawan.duty import band
from lorawan.plan import limits

_CHANNEL = "<IIB"


def receives(plan, dr: int) -> bool:
    """Whether a downlink may have this data rate."""
    return dr < len(plan.region.DATARATES)


def reset(plan) -> None:
    """Only the region's own channels, all enabled; the region's limits."""
    region = plan.region
    rates = region.CHANNEL_DR[0] | region.CHANNEL_DR[1] << 4
    plan.channels = [[freq, freq, rates] for freq in region.CHANNELS]
    plan.mask = 0
    enable_own(plan)
    limits.reset(plan)


def enable_own(plan) -> None:
    """Enable the region's own channels beside what is enabled."""
    plan.mask |= (1 << len(plan.region.CHANNELS)) - 1


def join(plan, attempt: int, _seed: int, tier: int) -> tuple:
    """(data rate, channels) of the n-th Join-Request since the first. tier: of `backoff`."""
    rates = plan.region.JOIN_DRS[tier]
    dr = max(rates[attempt % len(rates)], plan.lowest_dr)
    return dr, plan.own(dr)


def accept_hz(plan, channel: int) -> int:
    """Frequency of RX1 after a Join-Request; DlChannelReq does not hold for it."""
    return plan.up_hz(channel)


def begin(plan, cflist: bytes) -> None:
    """Channels after a Join-Accept. cflist: 16 bytes, or none. Type 0: 5 frequencies."""
    reset(plan)
    if len(cflist) < 16 or cflist[15] != 0:
        return
    rates = plan.channels[0][2]
    for at in range(0, 15, 3):
        freq = int.from_bytes(cflist[at : at + 3], "little") * 100
        if band(plan.region.BANDS, freq) < 0:
            freq = 0
        if freq:
            plan.mask |= 1 << len(plan.channels)
        plan.channels.append([freq, freq, rates])


def masked(plan, mask: int, control: int, wanted: int) -> "int | None":
    """`mask` after one LinkADRReq; None: ChMaskCntl is RFU, or a channel is not defined."""
    defined = sum([1 << at for at, channel in enumerate(plan.channels) if channel[0]])
    if control == 6:
        return defined
    if control or wanted & ~defined:
        return None
    return wanted


def new_channel(plan, at: int, freq: int, low: int, high: int) -> int:
    """NewChannelReq; the answer's bits: 0 frequency, 1 data rates. Applied when both are set."""
    region = plan.region
    new = len(region.CHANNELS) <= at < region.CHANNELS_MAX
    frequency_ok = new and (not freq or band(plan.region.BANDS, freq) >= 0)
    rates_ok = new and (not freq or low <= high < len(region.DATARATES))
    if not (frequency_ok and rates_ok):
        return int(frequency_ok) | rates_ok << 1
    channels = plan.channels
    while len(channels) <= at:
        channels.append([0, 0, 0])
    channels[at] = [freq, freq, low | high << 4]
    plan.mask = plan.mask | 1 << at if freq else plan.mask & ~(1 << at)
    return 3


def dl_channel(plan, at: int, freq: int) -> int:
    """DlChannelReq; the answer's bits: 0 frequency, 1 uplink frequency exists."""
    known = at < len(plan.channels) and plan.channels[at][0] > 0
    good = int(band(plan.region.BANDS, freq) >= 0) | known << 1
    if good == 3:
        plan.channels[at][1] = freq
    return good


def pack(plan) -> bytes:
    """The channels for `saved`."""
    return b"".join([struct.pack(_CHANNEL, *channel) for channel in plan.channels])


def unpack(plan, blob: bytes) -> None:
    """The channels that `pack` saved."""
    step = struct.calcsize(_CHANNEL)
    plan.channels = [
        list(struct.unpack(_CHANNEL, blob[at : at + step]))
        for at in range(0, len(blob) - step + 1, step)
    ]
