"""IN865-867. Source: RP002-1.0.4; India sets no duty cycle there (G.S.R. 168(E) of 2005)."""

PLAN = "dynamic"

DATARATES = (
    (12, 125000),
    (11, 125000),
    (10, 125000),
    (9, 125000),
    (8, 125000),
    (7, 125000),
)
"""(spreading factor, bandwidth in Hz) by data rate; DR6 is RFU, and the radios have no FSK."""

MAX_PAYLOAD = (51, 51, 51, 115, 242, 242)
"""N: application bytes with empty FOpts, by data rate, no repeater."""

CHANNELS = (865062500, 865402500, 865985000)
CHANNEL_DR = (0, 5)
CHANNELS_MAX = 16
RX2_FREQ = 866550000
RX2_DR = 2
RX1_OFFSETS = (0, 1, 2, 3, 4, 5, -1, -2)
"""By RX1DROffset: how far below the uplink's data rate RX1 is; at most DR5."""

JOIN_DRS = (
    b"\5\4\5\4\3\5\4\2\5\3\1\4\3\0",
    b"\3\3\3\2\3\0",
    (b"\3" * 10 + b"\2") * 2 + b"\3" * 10 + b"\0",
)
JOIN_EVERY_S = (0, 600, 2700)
"""As in EU868."""

MAX_EIRP_DBM = 30
POWER_MAX = 10
"""Highest TXPower index; each step is 2 dB."""

DWELL = None
"""No TxParamSetupReq in this region."""

BANDS = ((865000000, 867000000, 1),)
"""(from Hz, to Hz, n): transmissions take at most 1/n of the time."""
