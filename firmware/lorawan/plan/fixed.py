"""The plan of US915 and AU915: 64 channels of 125 kHz, then 8 of 500 kHz; 8 downlink channels.

A region's literals: NARROW, WIDE, DOWN (first Hz, step Hz, count); CHANNEL_DR and WIDE_DR (lowest
and highest data rate); RX1_DR, the data rate of RX1 after DR0 without offset; DOWN_DR, the lowest
and highest of a downlink.  Source: RP002-1.0.4, 2.5 and 2.8.
"""

from lorawan import const

_NARROW = const(64)
_BLOCKS = const(8)
_ALL = const(72)


def _hz(row, at):
    return row[0] + row[1] * at


class Plan:
    """See `plan`. 72 channels: 0..63 are narrow, 64..71 wide."""

    mask: int
    eirp_dbm: int
    dwell: int
    lowest_dr: int
    payloads: tuple
    down_payloads: tuple

    def __init__(self, region):
        self.region = region

    def usable(self, dr: int) -> list:
        """The enabled channels that allow a data rate."""
        bits = self.mask.to_bytes(9, "little")  # shifts of 72 bits would allocate each time
        return [at for at in self.own(dr) if bits[at >> 3] >> (at & 7) & 1]

    def own(self, dr: int) -> range:
        """All channels that allow a data rate, enabled or not."""
        region = self.region
        if self.lowest_dr <= dr <= region.CHANNEL_DR[1]:
            return range(_NARROW)
        if region.WIDE_DR[0] <= dr <= region.WIDE_DR[1]:
            return range(_NARROW, _ALL)
        return range(0)

    def up_hz(self, channel: int) -> int:
        """Frequency of an uplink."""
        if channel < _NARROW:
            return _hz(self.region.NARROW, channel)
        return _hz(self.region.WIDE, channel - _NARROW)

    def down_hz(self, channel: int) -> int:
        """Frequency of RX1: the uplink's channel modulo 8."""
        return _hz(self.region.DOWN, channel % _BLOCKS)

    def rx1_dr(self, dr: int, offset: int) -> int:
        """Data rate of RX1 after an uplink at `dr`."""
        low, high = self.region.DOWN_DR
        return min(max(self.region.RX1_DR + dr - self.region.RX1_OFFSETS[offset], low), high)
