"""The plan of EU868, IN865 and AS923: a few channels of the region, more from the network."""


class Plan:
    """See `plan`. Channels are [uplink Hz, downlink Hz, low DR | high DR << 4]; 0 Hz: none."""

    channels: list
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
        found = []
        mask = self.mask
        if dr < self.lowest_dr:
            mask = 0
        for at in range(len(self.channels)):
            rates = self.channels[at][2]
            if mask & 1 and rates & 15 <= dr <= rates >> 4:
                found.append(at)
            mask >>= 1
        return found

    def own(self, dr: int) -> range:
        """The region's own channels: no command takes them away."""
        return range(len(self.region.CHANNELS))

    def up_hz(self, channel: int) -> int:
        """Frequency of an uplink."""
        return self.channels[channel][0]

    def down_hz(self, channel: int) -> int:
        """Frequency of RX1."""
        return self.channels[channel][1]

    def rx1_dr(self, dr: int, offset: int) -> int:
        """Data rate of RX1 after an uplink at `dr`."""
        region = self.region
        lowest = region.DWELL_DR if self.dwell & 2 else 0
        return min(max(dr - region.RX1_OFFSETS[offset], lowest), len(region.DATARATES) - 1)
