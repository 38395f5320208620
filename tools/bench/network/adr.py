"""Adaptive data rate: ChirpStack's default algorithm, and its LinkADRReq.

Source: ChirpStack 4.20.0, adr/default.rs and maccommand/link_adr.rs.
"""

from dataclasses import dataclass, field

from tools.bench.network.mac import LINK_ADR, REQUIRED_SNR_DB
from tools.bench.network.region import Region

ALGORITHM = "default"
"""Its identifier in a device profile. With any other, ChirpStack sets nothing (adr/mod.rs)."""
MARGIN_DB = 10.0
"""`installation_margin` of ChirpStack's region files."""
HISTORY = 20
STEP_DB = 3
LOSS_LIMITS_PERCENT = (5, 10, 30)
REPEATS = ((1, 1, 2), (1, 2, 3), (2, 3, 3), (3, 3, 3))
"""By loss (row) and present number of transmissions (column): the next number."""


@dataclass(frozen=True)
class Setting:
    """How a device sends. power_index: 0..7, each step 2 dB less.  nb_trans: 1..3."""

    data_rate: int
    power_index: int = 0
    nb_trans: int = 1


@dataclass
class Adr:
    """One session's history and present setting. asked: sent and not answered yet."""

    data_rate: int | None = None
    power_index: int = 0
    nb_trans: int = 1
    history: list[tuple[int, float, int]] = field(default_factory=list)
    asked: Setting | None = None
    refused: bool = False

    def heard(self, f_cnt: int, data_rate: int, snr_db: float) -> None:
        """Remember an uplink by the best SNR of its copies.

        A device that changed its data rate may have gone back to full power: its history ends.
        """
        if data_rate != self.data_rate:
            self.data_rate = data_rate
            self.power_index = 0
            self.history.clear()
        self.history.append((f_cnt, snr_db, self.power_index))
        del self.history[:-HISTORY]

    def target(self, data_rate: int, region: Region) -> Setting:
        """What the device should be set to; its present setting when nothing is to be changed."""
        target = Setting(data_rate, self.power_index, self._repeats())
        best = max(snr for _, snr, _ in self.history)
        steps = int(
            (best - REQUIRED_SNR_DB[region.data_rates[data_rate][0]] - MARGIN_DB) / STEP_DB
        )
        same_power = sum(power == self.power_index for _, _, power in self.history)
        if steps < 0 and same_power < HISTORY:
            return target
        return _stepped(target, steps, region.adr)

    def request(self, data_rate: int, region: Region, mask: int | None = None) -> bytes:
        """The LinkADRReq to send, or nothing. mask: of the channels, the region's if None."""
        if self.refused or not self.history:
            return b""
        target = self.target(data_rate, region)
        if target == Setting(data_rate, self.power_index, self.nb_trans):
            return b""
        self.asked = target
        if mask is None:
            mask = (1 << len(region.channels_hz)) - 1
        byte = target.data_rate << 4 | target.power_index
        return bytes([LINK_ADR, byte]) + mask.to_bytes(2, "little") + bytes([target.nb_trans])

    def answered(self, status: int) -> None:
        """Take a LinkADRAns: applied with all three bits set, else the session gets no request."""
        asked, self.asked = self.asked, None
        if asked is None:
            return
        if status & 7 == 7:
            self.data_rate = asked.data_rate
            self.power_index = asked.power_index
            self.nb_trans = asked.nb_trans
        else:
            self.refused = True

    def _repeats(self) -> int:
        if len(self.history) < HISTORY:
            return self.nb_trans
        first, last = self.history[0][0], self.history[-1][0]
        lost = (last - first + 1 - HISTORY) * 100 / (last - first + 1)
        row = sum(lost >= limit for limit in LOSS_LIMITS_PERCENT)
        return REPEATS[row][min(self.nb_trans, 3) - 1]


def _stepped(setting: Setting, steps: int, highest: tuple[int, int]) -> Setting:
    max_rate, max_power = highest
    rate, power = setting.data_rate, setting.power_index
    while steps > 0 and (rate < max_rate or power < max_power):
        rate, power = (rate + 1, power) if rate < max_rate else (rate, power + 1)
        steps -= 1
    return Setting(rate, max(0, power + min(steps, 0)), setting.nb_trans)
