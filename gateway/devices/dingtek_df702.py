"""Dingtek DF702: ultrasonic fill sensor for waste bins, with tilt, fire alarm and position.

The answer to any command repeats all settings. Longitude and latitude are the only numbers whose
least significant byte comes first. Commands are hexadecimal text.
Source: TheThingsNetwork/lorawan-devices, vendor/dingtek: df702, df703 (layouts, ranges, frame
counter, examples), but for the sign of the angle, which is that of its byte before.
"""

import struct

from gateway.devices import Applied, DownlinkExample, Reading, Report, Status, UplinkExample
from gateway.devices._position import position
from gateway.devices._settings import Setting
from gateway.devices._table import Table, by_port
from gateway.errors import Lost
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink

FPORT = 3
SHORT, LONG = 17, 25
HEAD, TAIL = b"\x80\x00", 0x81
SETTINGS = 3
"""Type of a frame with settings; the others are measurements."""
COMMANDS = {
    "interval": Setting("report_s", "01", "B", 3_600, 604_800, 3_600),
    "sampling": Setting("sample_s", "08", "B", 60, 3_600, 60),
    "full_alarm": Setting("distance_mm", "02", "B", 150, 2_550, 10),
    "fire_alarm": Setting("temperature_c", "03", "B", 0, 255),
    "tilt_alarm": Setting("angle_deg", "04", "B", 15, 90),
}
"""In the order in which a frame with settings has them, a byte each."""
TABLE = Table({}, {name: (one,) for name, one in COMMANDS.items()}, fport=FPORT)
TAKES = TABLE.takes


def _frame(_device: Device, uplink: Uplink) -> list[Report]:
    data = uplink.data
    if len(data) not in (SHORT, LONG) or data[:2] != HEAD or data[-1] != TAIL:
        raise Lost(f"the frame: not {SHORT} or {LONG} bytes from 80 00 to 81")
    if data[4] != len(data):
        raise Lost(f"the frame: it says that it has {data[4]} bytes, and has {len(data)}")
    if data[3] == SETTINGS and len(data) == LONG:
        return _settings(data)
    where: tuple[Value, ...] = ()
    if len(data) == LONG:
        longitude, latitude = struct.unpack("<ff", data[8:16])
        where = position(latitude, longitude)[::-1]
    return [Reading(values=(*_measured(data), *where))]


def _measured(data: bytes) -> tuple[Value, ...]:
    (distance,) = struct.unpack(">H", data[5:7])
    temperature, sign, angle, hot, tilted, number = struct.unpack(">bBBBBH", data[-9:-2])
    return (
        Value("distance", distance, "mm"),
        Value("temperature", temperature, "Cel"),
        Value("tiltAngle", -angle if sign & 15 else angle, "deg"),
        Value("full", int(hot >> 4 > 0), "1"),
        Value("fireAlarm", int(hot & 15 > 0), "1"),
        Value("tilted", int(tilted >> 4 > 0), "1"),
        Value("batteryLow", int(tilted & 15 > 0), "1"),
        Value("frameNumber", number, "1"),
    )


def _settings(data: bytes) -> list[Report]:
    firmware = Value("firmwareVersion", f"{data[5]}.{data[6]}", "1")
    applied = [
        Applied(name=name, values={one.name: raw * one.step})
        for (name, one), raw in zip(COMMANDS.items(), data[7:12], strict=True)
    ]
    return [Status(values=(firmware, Value("tiltAlarmOn", data[12], "1"))), *applied]


def encode(device: Device, command: Command) -> tuple[int, bytes]:
    """See gateway.devices; a command has one setting."""
    fport, setting = TABLE.encode(device, command)
    return fport, f"80029999{setting.hex()}81".upper().encode()


decode = by_port({FPORT: _frame})

_SEEN = (
    Value("distance", 2000, "mm"),
    Value("temperature", 25, "Cel"),
    Value("tiltAngle", 0, "deg"),
    *(Value(name, 0, "1") for name in ("full", "fireAlarm", "tilted", "batteryLow")),
    Value("frameNumber", 1, "1"),
)
_WHERE = (Value("longitude", 116.507423, "deg"), Value("latitude", 40.038998, "deg"))
_SETTINGS = (
    Status(values=(Value("firmwareVersion", "1.4", "1"), Value("tiltAlarmOn", 0, "1"))),
    Applied(name="interval", values={"report_s": 86_400}),
    Applied(name="sampling", values={"sample_s": 60}),
    Applied(name="full_alarm", values={"distance_mm": 300}),
    Applied(name="fire_alarm", values={"temperature_c": 75}),
    Applied(name="tilt_alarm", values={"angle_deg": 30}),
)
_EVERY_4_H = Command(id="", dev_eui="", name="interval", values={"report_s": 14_400}, token=1)
_AT_35_CM = Command(id="", dev_eui="", name="full_alarm", values={"distance_mm": 350}, token=1)

UPLINKS = (
    UplinkExample(3, "8000010111 07D0 00 19 0000 0000 0001 00 81", (Reading(values=_SEEN),)),
    UplinkExample(
        3,
        "8000010119 07D0 01 CD03E942 EF272042 19 0000 0000 0001 00 81",
        (Reading(values=(*_SEEN, *_WHERE)),),
    ),
    UplinkExample(3, "8000010319 0104 18 01 1E 4B 1E 00 00 00000000000000000000 81", _SETTINGS),
)
DOWNLINKS = (
    DownlinkExample(_EVERY_4_H, 3, "3830303239393939 3031 3034 3831"),
    DownlinkExample(_AT_35_CM, 3, "3830303239393939 3032 3233 3831"),
)
