"""EU868. Source: RP002-1.0.4, 2.4; ChirpStack's region file eu868.

Sub-bands: ETSI EN 300 220-2 V3.2.1 annex B, bands K to P.
"""

from chirpstack_api import common

from tools.bench.network.region import Region, SubBand

REGION = Region(
    id="eu868",
    common=common.Region.EU868,
    data_rates={
        0: (12, 125_000, 51), 1: (11, 125_000, 51), 2: (10, 125_000, 51), 3: (9, 125_000, 115),
        4: (8, 125_000, 242), 5: (7, 125_000, 242), 6: (7, 250_000, 242),
    },
    own_channels_hz=(868_100_000, 868_300_000, 868_500_000),
    extra_channels_hz=(867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000),
    fast_channel=(868_300_000, 7, 250_000),
    rx2=(869_525_000, 0),
    sub_bands=(
        SubBand("863-865", 863_000_000, 865_000_000, 0.001, 14),
        SubBand("865-868", 865_000_000, 868_000_000, 0.01, 14),
        SubBand("868.0-868.6", 868_000_000, 868_600_000, 0.01, 14),
        SubBand("868.7-869.2", 868_700_000, 869_200_000, 0.001, 14),
        SubBand("869.4-869.65", 869_400_000, 869_650_000, 0.1, 27),
        SubBand("869.7-870", 869_700_000, 870_000_000, 0.01, 14),
    ),
    downlink_eirp_dbm=16,
    downlink_eirp=((869_400_000, 869_650_000, 29),),  # 500 mW e.r.p.
    adr=(5, 7),
)  # fmt: skip
