"""EU868 as the bench server uses it. Source: RP002-1.0.4, 2.4; ChirpStack's region file eu868."""

from chirpstack_api import common, gw

REGION_CONFIG_ID = "eu868"
NET_ID = "000000"
DATA_RATES = {
    0: (12, 125_000, 51), 1: (11, 125_000, 51), 2: (10, 125_000, 51), 3: (9, 125_000, 115),
    4: (8, 125_000, 242), 5: (7, 125_000, 242), 6: (7, 250_000, 242),
}  # fmt: skip
"""Data rate: spreading factor, bandwidth in Hz, longest application payload in bytes."""
EXTRA_CHANNELS_HZ = (867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000)
CHANNELS_HZ = (868_100_000, 868_300_000, 868_500_000, *EXTRA_CHANNELS_HZ)
RX2_HZ, RX2_DR = 869_525_000, 0
RX1_DELAY_S, JOIN_DELAY_S = 1, 5


def data_rate(info: gw.UplinkTxInfo) -> int:
    """Index of the data rate of an uplink. Raises ValueError for one that the region has not."""
    lora = info.modulation.lora
    for index, (sf, bandwidth, _) in DATA_RATES.items():
        if (sf, bandwidth) == (lora.spreading_factor, lora.bandwidth):
            if lora.code_rate != gw.CodeRate.CR_4_5:
                break
            return index
    raise ValueError("Unknown data-rate")


def longest(data_rate_index: int) -> int:
    """Longest application payload at this data rate, bytes, without MAC commands."""
    return DATA_RATES[data_rate_index][2]


def power_dbm(frequency_hz: int) -> int:
    """EIRP that a gateway may use: 29 dBm where ETSI allows 500 mW e.r.p., else 16."""
    return 29 if 869_400_000 <= frequency_hz < 869_650_000 else 16


def downlink_info(frequency_hz: int, data_rate_index: int) -> gw.DownlinkTxInfo:
    """Where and how a downlink goes out, without its timing."""
    sf, bandwidth, _ = DATA_RATES[data_rate_index]
    lora = gw.LoraModulationInfo(
        bandwidth=bandwidth, spreading_factor=sf,
        code_rate=gw.CodeRate.CR_4_5, polarization_inversion=True,
    )  # fmt: skip
    return gw.DownlinkTxInfo(
        frequency=frequency_hz,
        power=power_dbm(frequency_hz),
        modulation=gw.Modulation(lora=lora),
    )


def supported(region: int, mac_version: int) -> bool:
    """Whether the bench server knows this region and LoRaWAN version."""
    return region == common.Region.EU868 and mac_version <= common.MacVersion.LORAWAN_1_0_4
