"""One file of literals per region, for the network server and the air; its name is its id.

The ids are those of ChirpStack's region files and of the node's setting `region`.
"""

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Any

from chirpstack_api import common, gw

DEFAULT = "eu868"
"""The region used unless another is given."""
NET_ID = "000000"
RX1_DELAY_S, JOIN_DELAY_S = 1, 5


@dataclass(frozen=True)
class SubBand:
    """Where devices and radio gateways may send. low_hz <= channel < high_hz.

    share: of an hour, 1 where the law sets no duty cycle.  erp_dbm: limit of radiated power.
    """

    name: str
    low_hz: int
    high_hz: int
    share: float
    erp_dbm: float


@dataclass(frozen=True)
class Region:
    """A region's literals.

    common: what device profiles name it by.  data_rates: {index: (spreading factor, bandwidth in
    Hz, longest application payload in bytes)}.  own_channels_hz: those that a device knows.
    extra_channels_hz: those that the Join-Accept adds, at most five.  rx2: (Hz, data rate).
    adr: (highest data rate, highest TXPower index) that ADR sets.  fast_channel: (Hz, spreading
    factor, bandwidth) beside the channels of 125 kHz.  downlink_eirp: ((low Hz, high Hz, dBm),
    ...) where another power than `downlink_eirp_dbm` is allowed.
    """

    id: str
    common: "common.Region"
    data_rates: dict[int, tuple[int, int, int]]
    own_channels_hz: tuple[int, ...]
    rx2: tuple[int, int]
    sub_bands: tuple[SubBand, ...]
    downlink_eirp_dbm: int
    adr: tuple[int, int]
    extra_channels_hz: tuple[int, ...] = ()
    downlink_eirp: tuple[tuple[int, int, int], ...] = ()
    fast_channel: tuple[int, int, int] | None = None

    @property
    def name(self) -> str:
        """As the LoRa Alliance writes it."""
        return common.Region.Name(self.common)

    @property
    def channels_hz(self) -> tuple[int, ...]:
        """All uplink channels, in the order of their index."""
        return self.own_channels_hz + self.extra_channels_hz

    def data_rate(self, info: gw.UplinkTxInfo) -> int:
        """Index of an uplink's data rate. Raises ValueError for one that the region lacks."""
        lora = info.modulation.lora
        for index, (sf, bandwidth, _) in self.data_rates.items():
            if (sf, bandwidth) == (lora.spreading_factor, lora.bandwidth):
                if lora.code_rate != gw.CodeRate.CR_4_5:
                    break
                return index
        raise ValueError("Unknown data-rate")

    def longest(self, data_rate_index: int) -> int:
        """Longest application payload at this data rate, bytes, without MAC commands."""
        return self.data_rates[data_rate_index][2]

    def power_dbm(self, frequency_hz: int) -> int:
        """EIRP that a radio gateway may use."""
        for low_hz, high_hz, power_dbm in self.downlink_eirp:
            if low_hz <= frequency_hz < high_hz:
                return power_dbm
        return self.downlink_eirp_dbm

    def downlink_info(self, frequency_hz: int, data_rate_index: int) -> gw.DownlinkTxInfo:
        """Where and how a downlink goes out, without its timing."""
        sf, bandwidth, _ = self.data_rates[data_rate_index]
        lora = gw.LoraModulationInfo(
            bandwidth=bandwidth, spreading_factor=sf,
            code_rate=gw.CodeRate.CR_4_5, polarization_inversion=True,
        )  # fmt: skip
        return gw.DownlinkTxInfo(
            frequency=frequency_hz,
            power=self.power_dbm(frequency_hz),
            modulation=gw.Modulation(lora=lora),
        )

    def supports(self, region: int, mac_version: int) -> bool:
        """Whether a server of this region knows a device profile's region and LoRaWAN version."""
        return region == self.common and mac_version <= common.MacVersion.LORAWAN_1_0_4

    def air(self) -> dict[str, Any]:
        """What the air and the radio gateways on it need, as the world's process takes it."""
        low = min(band.low_hz for band in self.sub_bands)
        high = max(band.high_hz for band in self.sub_bands)
        powers = [self.downlink_eirp_dbm, *(power for _, _, power in self.downlink_eirp)]
        fast = self.fast_channel
        return {
            "channels_hz": self.channels_hz,
            "fast_channel": fast
            and {"frequency_hz": fast[0], "sf": fast[1], "bandwidth_hz": fast[2]},
            "range_hz": [low, high],
            "max_power_dbm": max(powers),
            "sub_bands": [
                {
                    "name": band.name,
                    "from": band.low_hz,
                    "to": band.high_hz,
                    "share": band.share,
                    "erp": band.erp_dbm,
                }
                for band in self.sub_bands
            ],
        }


def names() -> list[str]:
    """The ids of all regions: the names of the files here."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str = DEFAULT) -> Region:
    """A region by its id. Raises ValueError with the ids there are."""
    if name not in names():
        raise ValueError(f"the bench has no region {name!r}; it has {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}").REGION
