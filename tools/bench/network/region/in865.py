"""IN865. Source: RP002-1.0.4; ChirpStack's region file in865.

India allows 1 W of transmitter power and 4 W ERP, and sets no duty cycle (G.S.R. 168(E) of 2005);
RP002 limits EIRP to 30 dBm, which is 27.85 dBm ERP.
"""

from chirpstack_api import common

from tools.bench.network.region import Region, SubBand

REGION = Region(
    id="in865",
    common=common.Region.IN865,
    data_rates={
        0: (12, 125_000, 51), 1: (11, 125_000, 51), 2: (10, 125_000, 51), 3: (9, 125_000, 115),
        4: (8, 125_000, 242), 5: (7, 125_000, 242),
    },
    own_channels_hz=(865_062_500, 865_402_500, 865_985_000),
    rx2=(866_550_000, 2),
    sub_bands=(SubBand("865-867", 865_000_000, 867_000_000, 1, 27.85),),
    downlink_eirp_dbm=30,
    adr=(5, 10),
)  # fmt: skip
