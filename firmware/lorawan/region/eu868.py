"""EU863-870. Source: RP002-1.0.4, 2.4; duty cycles ETSI EN 300 220-2, annex B."""

PLAN = "dynamic"

DATARATES = (
    (12, 125000),
    (11, 125000),
    (10, 125000),
    (9, 125000),
    (8, 125000),
    (7, 125000),
    (7, 250000),
)
"""(spreading factor, bandwidth in Hz) by data rate; the radios have no FSK and no LR-FHSS."""

MAX_PAYLOAD = b"\x33\x33\x33\x73\xf2\xf2\xf2"
"""N: application bytes with empty FOpts, by data rate, no repeater: 51, 115 and 242."""

CHANNELS = (868100000, 868300000, 868500000)
CHANNEL_DR = (0, 5)
CHANNELS_MAX = 16
RX2_FREQ = 869525000
RX2_DR = 0
RX1_OFFSETS = b"\0\1\2\3\4\5"
"""By RX1DROffset: how far below the uplink's data rate RX1 is."""

JOIN_DRS = (
    b"\5\4\5\4\3\5\4\2\5\3\1\4\3\0",
    b"\3\3\3\2\3\0",
    (b"\3" * 10 + b"\2") * 2 + b"\3" * 10 + b"\0",
)
"""Data rates of successive Join-Requests: in the first hour, the ten after it, later."""

JOIN_EVERY_S = (0, 600, 2700)
"""In each of these, one Join-Request every so many s; 0: by its air. The sums keep the law of
`lorawan.backoff`: 27 s in ten hours, 8.4 s in 24."""

MAX_EIRP_DBM = 16
POWER_MAX = 7
"""Highest TXPower index; each step is 2 dB."""

DWELL = None
"""No TxParamSetupReq in this region."""

BANDS = (
    (863000000, 865000000, 1000),
    (865000000, 868000000, 100),
    (868000000, 868600000, 100),
    (868700000, 869200000, 1000),
    (869400000, 869650000, 10),
    (869700000, 870000000, 100),
)
"""(from Hz, to Hz, n): transmissions take at most 1/n of the time."""
