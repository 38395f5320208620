"""Literals of regions that have no file, as one would have them: fixed channels, dwell time.

Source: RP002-1.0.4, 2.5 (US915), 2.8 (AU915) and AS923; checked against data/regions.json.
"""


class US915:
    PLAN = "fixed"
    DATARATES = (
        (10, 125000),
        (9, 125000),
        (8, 125000),
        (7, 125000),
        (8, 500000),
        None,
        None,
        None,
    ) + tuple([(sf, 500000) for sf in range(12, 6, -1)])
    MAX_PAYLOAD = (11, 53, 125, 242, 242, 0, 0, 0, 53, 129, 242, 242, 242, 242)
    NARROW = (902300000, 200000, 64)
    WIDE = (903000000, 1600000, 8)
    DOWN = (923300000, 600000, 8)
    CHANNEL_DR = (0, 3)
    WIDE_DR = (4, 4)
    DOWN_DR = (8, 13)
    RX1_DR = 10
    RX1_OFFSETS = (0, 1, 2, 3)
    RX2_FREQ = 923300000
    RX2_DR = 8
    JOIN_DRS = (0, 4)
    JOIN_EVERY_S = (0, 600, 3600)
    MAX_EIRP_DBM = 30
    POWER_MAX = 14
    DWELL = None
    BANDS = ((902000000, 928000000, 1),)


class AU915:
    PLAN = "fixed"
    DATARATES = (
        tuple([(sf, 125000) for sf in range(12, 6, -1)])
        + (
            (8, 500000),
            None,
        )
        + tuple([(sf, 500000) for sf in range(12, 6, -1)])
    )
    MAX_PAYLOAD = (51, 51, 51, 115, 242, 242, 242, 0, 53, 129, 242, 242, 242, 242)
    DWELL_PAYLOAD = (0, 0, 11, 53, 125, 242, 242, 0, 53, 129, 242, 242, 242, 242)
    DWELL_DR = 2
    NARROW = (915200000, 200000, 64)
    WIDE = (915900000, 1600000, 8)
    DOWN = (923300000, 600000, 8)
    CHANNEL_DR = (0, 5)
    WIDE_DR = (6, 6)
    DOWN_DR = (8, 13)
    RX1_DR = 8
    RX1_OFFSETS = (0, 1, 2, 3, 4, 5)
    RX2_FREQ = 923300000
    RX2_DR = 8
    JOIN_DRS = (2, 6)
    JOIN_EVERY_S = (0, 600, 3600)
    MAX_EIRP_DBM = 30
    POWER_MAX = 14
    DWELL = 1
    BANDS = ((915000000, 928000000, 1),)


class AS923:
    PLAN = "dynamic"
    DATARATES = tuple([(sf, 125000) for sf in range(12, 6, -1)]) + ((7, 250000),)
    MAX_PAYLOAD = (51, 51, 115, 115, 242, 242, 242)
    DWELL_PAYLOAD = (0, 0, 11, 53, 125, 242, 242)
    DWELL_DR = 2
    CHANNELS = (923200000, 923400000)
    CHANNEL_DR = (0, 5)
    CHANNELS_MAX = 24
    RX2_FREQ = 923200000
    RX2_DR = 2
    RX1_OFFSETS = (0, 1, 2, 3, 4, 5, -1, -2)
    JOIN_DRS = ((5, 4, 3, 2, 1, 0), (3, 3, 3, 2, 3, 0), (3,) * 32 + (0,))
    JOIN_EVERY_S = (0, 600, 2700)
    MAX_EIRP_DBM = 16
    POWER_MAX = 7
    DWELL = 0
    BANDS = ((915000000, 928000000, 1),)
