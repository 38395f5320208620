"""NAS luminaire controllers UL2002, UL2014, UL2020, UL2030 (DALI, 0-10 V), firmware 1.0 and 1.1.

A reading for each driver; `dim` is for all of them, for `hold` minutes where given, and `resume`
gives them back to the controller's own rules.
Source: NAS, LCU payloads (ports, fields, examples; commands), and NAS's codec of it (order of
fields, reasons, light, refusals). The answers to `dim` and `resume` are made after those.
"""

from gateway.devices import (
    Applied,
    Boot,
    DownlinkExample,
    Field,
    Reading,
    Report,
    Status,
    UplinkExample,
    named,
)
from gateway.devices._cursor import Cursor
from gateway.devices._nas import UNKNOWN, usage
from gateway.devices._nas_alerts import COMMANDS, alerts, packet, system
from gateway.devices._nas_examples import (
    FAILED,
    ON_TIME,
    OVER_CURRENT,
    RELAY_OFF,
    RELAY_OFF_REPORTS,
    STARTED,
    STATUS,
    STATUS_REPORTS,
    USED,
)
from gateway.devices._nas_status import status_1_0, status_1_1
from gateway.devices._table import by_port
from gateway.errors import Lost, Refused
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink

MANUAL = 1
TIMED = 9
ALL = 254
LEVEL = Field(name="level", low=0, high=100, needed=True, meaning="light, %")
HOLD = Field(name="hold", low=1, high=254, meaning="min, then its own rules again")
TAKES: dict[str, tuple[Field, ...]] = {"dim": (LEVEL, HOLD), "resume": ()}


def _usage_1_0(_device: Device, uplink: Uplink) -> list[Report]:
    return [*usage(Cursor(uplink.data))]


def _usage_1_1(_device: Device, uplink: Uplink) -> list[Report]:
    cursor = Cursor(uplink.data)
    packet(cursor, 0)
    return [*usage(cursor)]


def _answers(_device: Device, uplink: Uplink) -> list[Report]:
    """A command that it carried out comes back as it was sent; others than ours say nothing."""
    data = uplink.data
    if not data:
        raise Lost("the frame is empty")
    if data[0] == MANUAL and len(data) == 3 and data[1] == ALL:
        return [_applied({"level": data[2]})]
    if data[0] == TIMED and len(data) == 4 and data[1] == ALL:
        return [_applied({"level": data[2], "hold": data[3]})]
    return [Status(values=(Value("commandAnswer", data.hex(), "1"),))]


def _applied(values: dict[str, int]) -> Applied:
    if values["level"] == UNKNOWN:
        return Applied(name="resume", values={})
    return Applied(name="dim", values=values)


def encode(_device: Device, command: Command) -> tuple[int, bytes]:
    """See gateway.devices."""
    fields = named(command, TAKES)
    unknown = sorted(command.values.keys() - {one.name for one in fields})
    if unknown:
        raise Refused(f"{command.name}: no field {unknown[0]}", f"values.{unknown[0]}")
    for one in fields:
        _check(one, command.values.get(one.name))
    level = command.values.get("level", UNKNOWN)
    hold = command.values.get("hold")
    if hold is None:
        return COMMANDS, bytes((MANUAL, ALL, level))
    return COMMANDS, bytes((TIMED, ALL, level, hold))


def _check(field: Field, value: int | None) -> None:
    if value is None and field.needed:
        raise Refused(f"{field.name} is missing", f"values.{field.name}")
    if value is not None and not (type(value) is int and field.low <= value <= field.high):
        said = f"{field.name} is {value}, no whole number from {field.low} to {field.high}"
        raise Refused(said, f"values.{field.name}")


decode = by_port(
    {
        23: status_1_1,
        24: status_1_0,
        25: _usage_1_0,
        26: _usage_1_1,
        60: _answers,
        61: alerts,
        99: system,
    }
)

_OF_DIM = {"level": 40}
_OF_HOLD = {"level": 40, "hold": 30}


def _command(name: str, values: dict[str, int]) -> Command:
    return Command(id="", dev_eui="", name=name, values=values, token=1)


UPLINKS = (
    UplinkExample(23, STATUS, STATUS_REPORTS),
    UplinkExample(23, RELAY_OFF, RELAY_OFF_REPORTS),
    UplinkExample(61, "83200202", (Reading(values=FAILED),)),
    UplinkExample(
        61,
        "84 02 5900 e500 56",
        (Reading(values=OVER_CURRENT),),
    ),
    UplinkExample(99, "000D008350010101F37F205E000CFE0104", (Boot(values=STARTED),)),
    UplinkExample(
        26,
        "00 FF80D0EF2F01 12FF 47940300 2A00 F94A0300 2700 5D E5 C072D902 D0EF2F01",
        (Reading(values=ON_TIME), Reading(values=USED)),
    ),
    UplinkExample(60, "01FE28", (Applied(name="dim", values=_OF_DIM),)),
    UplinkExample(60, "09FE281E", (Applied(name="dim", values=_OF_HOLD),)),
    UplinkExample(60, "01FEFF", (Applied(name="resume", values={}),)),
)
DOWNLINKS = (
    DownlinkExample(_command("dim", _OF_DIM), 60, "01FE28"),
    DownlinkExample(_command("dim", _OF_HOLD), 60, "09FE281E"),
    DownlinkExample(_command("resume", {}), 60, "01FEFF"),
)
