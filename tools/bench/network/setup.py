"""What the server sets on its devices by MAC commands, beside ADR, and what a session has of it.

A request goes out with each downlink until it is answered; from its answer on the server uses what
it set. ChirpStack asks RXParamSetup, RXTimingSetup and NewChannel where a session differs from the
region's file; DutyCycle and DlChannel are the bench's own.
Source: TS001-1.0.4, 5.3 to 5.7; RP002-1.0.4, tables of RX1DROffset.
"""

from dataclasses import dataclass, field

from tools.bench.network import mac
from tools.bench.network.region import RX1_DELAY_S, Region

DOWNLINK_BYTES = {
    mac.DUTY_CYCLE: 1, mac.RX_PARAM: 4, mac.NEW_CHANNEL: 5, mac.RX_TIMING: 1, mac.DL_CHANNEL: 4,
}  # fmt: skip
"""Payload bytes of each request that may be set here."""
ACCEPTED = {
    mac.DUTY_CYCLE: b"", mac.RX_PARAM: b"\7", mac.NEW_CHANNEL: b"\3", mac.RX_TIMING: b"",
    mac.DL_CHANNEL: b"\3",
}  # fmt: skip
"""The answer to each that says that it was applied."""
RAISES = 6
"""RX1DROffset from which RX1 is faster than the uplink, where a region has those."""
OF_A_CHANNEL = {mac.NEW_CHANNEL, mac.DL_CHANNEL}

Key = tuple[int, int]
"""(CID, channel), channel 0 for what concerns none: a device has one value of each."""


def requests(stream: bytes) -> dict[Key, bytes]:
    """The requests in a stream, without CID. Raises ValueError for what cannot be set here."""
    found: dict[Key, bytes] = {}
    at = 0
    while at < len(stream):
        cid = stream[at]
        end = at + 1 + DOWNLINK_BYTES.get(cid, len(stream))
        if end > len(stream):
            known = ", ".join(f"{one:02x} with {size}" for one, size in DOWNLINK_BYTES.items())
            raise ValueError(
                f"{stream[at:].hex()} is no request that the bench server sends; those are the "
                f"CIDs {known} bytes after it"
            )
        payload = stream[at + 1 : end]
        found[cid, payload[0] if cid in OF_A_CHANNEL else 0] = payload
        at = end
    return found


def _hz(payload: bytes) -> int:
    return int.from_bytes(payload, "little") * 100


@dataclass
class Setup:
    """One session's part.

    has: acknowledged.  asked: in the last downlink, in order.  refused: not asked again.
    """

    has: dict[Key, bytes] = field(default_factory=dict[Key, bytes])
    asked: list[tuple[Key, bytes]] = field(default_factory=list[tuple[Key, bytes]])
    refused: dict[Key, bytes] = field(default_factory=dict[Key, bytes])

    def requests(self, wanted: dict[Key, bytes]) -> list[bytes]:
        """The MAC commands to send. wanted: of all devices."""
        self.asked = [
            (key, payload)
            for key, payload in wanted.items()
            if payload not in {self.has.get(key), self.refused.get(key)}
        ]
        return [bytes([key[0]]) + payload for key, payload in self.asked]

    def answered(self, cid: int, answer: bytes) -> None:
        """Take the answer to the first of its kind that was asked; a repeated one is ignored."""
        for at, (key, payload) in enumerate(self.asked):
            if key[0] == cid:
                del self.asked[at]
                (self.has if answer == ACCEPTED[cid] else self.refused)[key] = payload
                return

    # What it means for frames

    @property
    def rx1_delay_s(self) -> int:
        """From the end of an uplink to RX1."""
        payload = self.has.get((mac.RX_TIMING, 0))
        return (payload[0] & 15 or 1) if payload else RX1_DELAY_S

    def rx1(self, region: Region, frequency_hz: int, data_rate: int) -> tuple[int, int]:
        """(Hz, data rate) of RX1 after an uplink."""
        payload = self.has.get((mac.RX_PARAM, 0), b"\0")
        offset = payload[0] >> 4 & 7
        rate = data_rate - offset if offset < RAISES else data_rate + offset - RAISES + 1
        channel = self.channels(region).index(frequency_hz)
        moved = self.has.get((mac.DL_CHANNEL, channel))
        rate = max(0, min(rate, max(region.data_rates)))
        return _hz(moved[1:]) if moved else frequency_hz, rate

    def rx2(self, region: Region) -> tuple[int, int]:
        """(Hz, data rate) of RX2, and of class C."""
        payload = self.has.get((mac.RX_PARAM, 0))
        return (_hz(payload[1:]), payload[0] & 15) if payload else region.rx2

    def channels(self, region: Region, *, acknowledged: bool = False) -> list[int]:
        """Frequency in Hz of each uplink channel, 0: none; also those that are only asked."""
        found = list(region.channels_hz)
        asked = {} if acknowledged else dict(self.asked)
        for (cid, channel), payload in sorted((asked | self.has).items()):
            if cid == mac.NEW_CHANNEL:
                found += [0] * (channel + 1 - len(found))
                found[channel] = _hz(payload[1:4])
        return found

    def mask(self, region: Region) -> int:
        """ChMask of all that the device acknowledged."""
        channels = self.channels(region, acknowledged=True)
        return sum(1 << at for at, hz in enumerate(channels) if hz)
