"""One uplink as every radio gateway heard it."""

from dataclasses import dataclass, field

from chirpstack_api import gw

from tools.bench.network.events import micros


@dataclass
class Reception:
    """An uplink and its copies.

    heard_us: when the first copy came in, by the server's clock. max_drift_us: a radio gateway's
    clock further off is ignored.  closed: no more copies are collected.
    """

    id: str
    phy: bytes
    tx_info: gw.UplinkTxInfo
    heard_us: int
    data_rate: int
    max_drift_us: int
    copies: list[gw.UplinkRxInfo] = field(default_factory=list[gw.UplinkRxInfo])
    closed: bool = False

    @property
    def best(self) -> gw.UplinkRxInfo:
        """The copy whose radio gateway answers."""
        return best(self.copies)

    @property
    def time_us(self) -> int:
        """When it was received: by the first radio gateway's clock, unless that is too far off."""
        copy = self.copies[0]
        if copy.HasField("gw_time"):
            at_gateway_us = micros(copy.gw_time)
            if abs(at_gateway_us - self.heard_us) <= self.max_drift_us:
                return at_gateway_us
        return self.heard_us


def best(copies: list[gw.UplinkRxInfo]) -> gw.UplinkRxInfo:
    """The copy with the best SNR; among equals, the best RSSI."""
    return max(copies, key=lambda copy: (copy.snr, copy.rssi))
