"""MAC commands: their sizes, and the few the bench server asks and answers.

Source: TS001-1.0.4, chapter 5, tables of 5.1 to 5.13.
"""

LINK_CHECK = 2
LINK_ADR = 3
DUTY_CYCLE = 4
RX_PARAM = 5
DEV_STATUS = 6
NEW_CHANNEL = 7
RX_TIMING = 8
TX_PARAM = 9
DL_CHANNEL = 10
DEVICE_TIME = 13

UPLINK_BYTES = {
    LINK_CHECK: 0, LINK_ADR: 1, DUTY_CYCLE: 0, RX_PARAM: 1, DEV_STATUS: 2, NEW_CHANNEL: 1,
    RX_TIMING: 0, TX_PARAM: 0, DL_CHANNEL: 1, DEVICE_TIME: 0,
}  # fmt: skip
"""Payload bytes of each command a device sends."""

GPS_EPOCH_S = 315_964_800
"""1980-01-06 in Unix seconds."""
LEAP_S = 18
"""GPS is ahead of UTC by this since 2017. Source: IERS Bulletin C 52, unchanged since."""
REQUIRED_SNR_DB = {7: -7.5, 8: -10.0, 9: -12.5, 10: -15.0, 11: -17.5, 12: -20.0}
"""Demodulation floor by spreading factor. Source: SX1276 datasheet rev 7, table 13."""


def commands(stream: bytes) -> list[tuple[int, bytes]]:
    """Split a device's commands into (CID, payload); stops at an unknown or cut one."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(stream):
        cid = stream[at]
        size = UPLINK_BYTES.get(cid)
        if size is None or at + 1 + size > len(stream):
            break
        found.append((cid, stream[at + 1 : at + 1 + size]))
        at += 1 + size
    return found


def link_check_answer(snr_db: float, sf: int, gateways: int) -> bytes:
    """LinkCheckAns: margin above the floor of this spreading factor, and how many heard it."""
    margin = max(0, min(254, int(snr_db - REQUIRED_SNR_DB.get(sf, -20.0))))
    return bytes([LINK_CHECK, margin, min(gateways, 255)])


def device_time_answer(unix_us: int) -> bytes:
    """DeviceTimeAns for the instant at which the uplink ended: GPS seconds and 1/256 s."""
    gps_us = unix_us - (GPS_EPOCH_S - LEAP_S) * 1_000_000
    seconds, rest = divmod(gps_us, 1_000_000)
    return bytes([DEVICE_TIME]) + seconds.to_bytes(4, "little") + bytes([rest * 256 // 1_000_000])


def dev_status(payload: bytes) -> tuple[int, int]:
    """Battery byte (0 external, 255 unknown) and signed margin in dB of a DevStatusAns."""
    margin = payload[1] & 0x3F
    return payload[0], margin - 64 if margin > 31 else margin
